import { expect, test } from 'vitest';
import type { PageWrite } from '../../../governance/ledger/ledger-page.js';
import { type LedgerRow, NO_COUNTS } from '../../../governance/ledger/ledger-row.js';
import {
  createLedgerStore,
  type LedgerStore,
} from '../../../governance/ledger/ledger-store.aws.js';
import { collect } from '../../../governance/platform/collect.js';
import { newTableForEach } from '../../support/table.js';

let store: LedgerStore;
newTableForEach((dynamo, table) => {
  store = createLedgerStore(dynamo.client, table);
});

const ROW: LedgerRow = {
  caller: 'arn:aws:iam::111122223333:role/ä,"\n=1+1',
  role: 'developer',
  model: 'mistral-small-2603',
  endpoint: '/v1/chat/completions',
  tier: 'priority',
  code: '',
  ...NO_COUNTS,
  requests: 3,
  promptTokens: 2 ** 40,
  costNanos: Number.MAX_SAFE_INTEGER,
};
const KEY = { workspaceId: 'w1', day: '2026-11-29', holderId: 'one', page: 0 };

const aPage = (change: Partial<PageWrite> = {}) => ({
  key: KEY,
  sequence: 1,
  rows: [ROW],
  ...change,
});

const rows = async (workspaceId = 'w1', day = '2026-11-29') =>
  (await collect(store.rows(workspaceId, day))).flat();

test('what was written is read, by workspace and day', async () => {
  await store.write(aPage());
  await store.write(aPage({ key: { ...KEY, page: 1 }, rows: [{ ...ROW, code: 'rate_limited' }] }));
  await store.write(aPage({ key: { ...KEY, day: '2026-11-30' } }));
  await store.write(aPage({ key: { ...KEY, workspaceId: 'w2' } }));
  expect(await rows()).toEqual([ROW, { ...ROW, code: 'rate_limited' }]);
  expect(await rows('w2')).toEqual([ROW]);
  expect(await rows('w3')).toEqual([]);
});

test('a newer page replaces an older one; one that comes late or twice changes nothing', async () => {
  const newer = aPage({ sequence: 2, rows: [{ ...ROW, requests: 4 }] });
  await store.write(aPage());
  await store.write(newer);
  await store.write(aPage());
  await store.write({ ...newer, rows: [{ ...ROW, requests: 999 }] });
  expect(await rows()).toEqual([{ ...ROW, requests: 4 }]);
});

test('a day with more than one answer holds is read to its end', async () => {
  const caller = 'x'.repeat(2000);
  const many = Array.from({ length: 90 }, () => ({ ...ROW, caller }));
  for (let page = 0; page < 8; page += 1) {
    await store.write(aPage({ key: { ...KEY, page }, rows: many }));
  }
  const answers = await collect(store.rows('w1', '2026-11-29'));
  expect(answers.length).toBeGreaterThan(1);
  expect(answers.flat()).toHaveLength(720);
});
