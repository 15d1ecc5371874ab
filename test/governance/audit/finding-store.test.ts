import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import {
  createFindingStore,
  type FindingStore,
  type StoredChanges,
} from '../../../governance/audit/finding-store.aws.js';
import type { OpenFinding } from '../../../governance/audit/reconcile-findings.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { aFinding } from '../../support/audit-builders.js';
import { newTableForEach } from '../../support/table.js';

let dynamo: LocalDynamo;
let table = '';
let store: FindingStore;

newTableForEach((local, name) => {
  dynamo = local;
  table = name;
  store = createFindingStore(dynamo.client, table);
});

function opened(id: string, lastNotifiedOn = '2026-06-01', note = ''): OpenFinding {
  return { finding: aFinding({ id, evidence: { note } }), openedOn: '2026-06-01', lastNotifiedOn };
}

function apply(changes: Partial<StoredChanges>): Promise<void> {
  return store.apply({ opened: [], notified: [], resolved: [], ...changes });
}

test('gives back what was opened, and nothing in a new table', async () => {
  expect(await store.open()).toEqual([]);
  await apply({ opened: [opened('a')] });
  expect(await store.open()).toEqual([opened('a')]);
});

test('reads 300 findings over as many pages as they take', async () => {
  const open = Array.from({ length: 300 }, (_, at) =>
    opened(`id-${String(at).padStart(3, '0')}`, '2026-06-01', 'x'.repeat(8000)),
  );
  await apply({ opened: open });
  expect(await store.open()).toEqual(open);
});

test('keeps when on-call was last notified of a finding, and forgets one that resolved', async () => {
  await apply({ opened: [opened('a'), opened('b')] });
  await apply({ notified: [opened('a', '2026-06-08')], resolved: [opened('b')] });
  expect(await store.open()).toEqual([opened('a', '2026-06-08')]);
});

test('of two audits that open one finding, the first is kept', async () => {
  await apply({ opened: [opened('a', '2026-06-01', 'first')] });
  await apply({ opened: [opened('a', '2026-06-01', 'second')] });
  expect(await store.open()).toEqual([opened('a', '2026-06-01', 'first')]);
});

test('an audit that was overtaken brings no resolved finding back and removes none that is open', async () => {
  await apply({ opened: [opened('a'), opened('b')] });
  await apply({ notified: [opened('a', '2026-06-08')], resolved: [opened('b')] });

  await apply({ notified: [opened('b', '2026-06-08')], resolved: [opened('a')] });

  expect(await store.open()).toEqual([opened('a', '2026-06-08')]);
});

test('applying the same changes again changes nothing', async () => {
  const changes = { opened: [opened('a')], notified: [], resolved: [opened('b')] };
  await apply(changes);
  await apply(changes);
  expect(await store.open()).toEqual([opened('a')]);
});

test('remembers what the next audit needs', async () => {
  expect(await store.memory()).toEqual({ resolutions: {}, probes: {} });
  const memory = {
    resolutions: { 'mistral-embed': 'mistral-embed-2312' },
    probes: { k: '2026-06-01' },
  };
  await store.remember(memory);
  expect(await store.memory()).toEqual(memory);
  expect(await store.open()).toEqual([]);
});

test('fails when the table cannot be written', async () => {
  const elsewhere = createFindingStore(dynamo.client, 'no-such-table');
  await expect(
    elsewhere.apply({ opened: [opened('a')], notified: [], resolved: [] }),
  ).rejects.toThrow();
});

test('fails on an item it did not write', async () => {
  const Item = { pk: { S: 'findings' }, sk: { S: 'x' }, entry: { S: '{"finding":{}}' } };
  await dynamo.client.send(new PutItemCommand({ TableName: table, Item }));
  await expect(store.open()).rejects.toThrow(/openedOn/);
});
