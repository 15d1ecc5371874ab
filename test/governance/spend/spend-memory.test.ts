import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createSpendMemory, type SpendMemory } from '../../../governance/spend/spend-memory.aws.js';
import type { SpendState } from '../../../governance/spend/spend-state.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { newTableForEach } from '../../support/table.js';

const now = new Date('2026-11-24T10:00:00Z');
const later = new Date('2026-11-24T10:10:00Z');
const state = (key: string): SpendState => ({
  sent: { [key]: '2026-12-01T00:00:00.000Z' },
  opening: { day: '2026-11-24', meteredNanos: 17 },
  unreadableSince: '2026-11-24T09:00:00.000Z',
});

let dynamo: LocalDynamo;
let memory: SpendMemory;
let table = '';

newTableForEach((local, name) => {
  dynamo = local;
  table = name;
  memory = createSpendMemory(dynamo.client, table);
});

async function recalled(workspace: string) {
  return (await memory.recall()).get(workspace);
}

test('recalls what was remembered of each workspace, and nothing from a new table', async () => {
  expect((await memory.recall()).size).toBe(0);
  await memory.remember('dev', undefined, state('a'), now);
  await memory.remember('ml', undefined, state('b'), now, later);
  expect([...(await memory.recall())]).toEqual([
    ['dev', { state: state('a'), version: 1, claimedUntil: undefined }],
    ['ml', { state: state('b'), version: 1, claimedUntil: later }],
  ]);
});

test('recalls two hundred workspaces over as many pages as they take', async () => {
  const large = { sent: Object.fromEntries([['x'.repeat(8000), later.toISOString()]]) };
  const names = Array.from({ length: 200 }, (_, at) => `w${String(at).padStart(3, '0')}`);
  for (const name of names) await memory.remember(name, undefined, large, now);
  expect([...(await memory.recall()).keys()]).toEqual(names);
});

test('of two runs that claim a workspace, one gets it', async () => {
  const claims = await Promise.all([
    memory.remember('dev', undefined, state('a'), now, later),
    memory.remember('dev', undefined, state('a'), now, later),
  ]);
  expect(claims.filter(Boolean)).toHaveLength(1);
});

test('a run that was overtaken changes nothing', async () => {
  const first = await memory.remember('dev', undefined, state('a'), now, later);
  const second = await memory.remember('dev', first, state('b'), now);
  expect(second?.version).toBe(2);
  expect(await memory.remember('dev', first, state('c'), now)).toBeUndefined();
  expect(await recalled('dev')).toEqual(second);
});

test('what is remembered goes some months after the last write', async () => {
  await memory.remember('dev', undefined, state('a'), now);
  const [item] = await dynamo.items(table);
  expect(Number(item?.expiresAt?.N) * 1000).toBe(new Date('2027-03-04T10:00:00Z').getTime());
});

test('fails when the table cannot be written or read', async () => {
  const elsewhere = createSpendMemory(dynamo.client, 'no-such-table');
  await expect(elsewhere.recall()).rejects.toThrow();
  await expect(elsewhere.remember('dev', undefined, state('a'), now)).rejects.toThrow();
});

test('fails on an item it did not write', async () => {
  const Item = {
    pk: { S: 'spend' },
    sk: { S: 'dev' },
    version: { N: '1' },
    entry: { S: '{"sent":[]}' },
  };
  await dynamo.client.send(new PutItemCommand({ TableName: table, Item }));
  await expect(memory.recall()).rejects.toThrow(/sent/);
});
