import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import {
  createFindingStore,
  type FindingStore,
} from '../../../governance/audit/finding-store.aws.js';
import type { FindingChanges, OpenFinding } from '../../../governance/audit/reconcile-findings.js';
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

function opened(id: string, lastToldOn = '2026-06-01', note = ''): OpenFinding {
  return { finding: aFinding({ id, evidence: { note } }), openedOn: '2026-06-01', lastToldOn };
}

function apply(changes: Partial<FindingChanges>): Promise<void> {
  return store.apply({ open: [], remind: [], resolve: [], ...changes });
}

test('gives back what was opened, and nothing in a new table', async () => {
  expect(await store.open()).toEqual([]);
  await apply({ open: [opened('a')] });
  expect(await store.open()).toEqual([opened('a')]);
});

test('reads 300 findings over as many pages as they take', async () => {
  const open = Array.from({ length: 300 }, (_, at) =>
    opened(`id-${String(at).padStart(3, '0')}`, '2026-06-01', 'x'.repeat(8000)),
  );
  await apply({ open });
  expect(await store.open()).toEqual(open);
});

test('keeps when a finding was last told, and forgets one that resolved', async () => {
  await apply({ open: [opened('a'), opened('b')] });
  await apply({ remind: [opened('a', '2026-06-08')], resolve: [opened('b')] });
  expect(await store.open()).toEqual([opened('a', '2026-06-08')]);
});

test('of two audits that open one finding, the first is kept', async () => {
  await apply({ open: [opened('a', '2026-06-01', 'first')] });
  await apply({ open: [opened('a', '2026-06-01', 'second')] });
  expect(await store.open()).toEqual([opened('a', '2026-06-01', 'first')]);
});

test('an audit that was overtaken brings no resolved finding back and takes no reminded one away', async () => {
  await apply({ open: [opened('a'), opened('b')] });
  await apply({ remind: [opened('a', '2026-06-08')], resolve: [opened('b')] });

  await apply({ remind: [opened('b', '2026-06-08')], resolve: [opened('a')] });

  expect(await store.open()).toEqual([opened('a', '2026-06-08')]);
});

test('applying the same changes again changes nothing', async () => {
  const changes = { open: [opened('a')], remind: [], resolve: [opened('b')] };
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
  await expect(elsewhere.apply({ open: [opened('a')], remind: [], resolve: [] })).rejects.toThrow();
});

test('fails on an item it did not write', async () => {
  const Item = { pk: { S: 'findings' }, sk: { S: 'x' }, entry: { S: '{"finding":{}}' } };
  await dynamo.client.send(new PutItemCommand({ TableName: table, Item }));
  await expect(store.open()).rejects.toThrow(/openedOn/);
});
