import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createFindingStore } from '../../../governance/audit/finding-store.aws.js';
import {
  createSecretRegister,
  type SecretRegister,
} from '../../../governance/keys/secret-register.aws.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { newTableForEach } from '../../support/table.js';

let dynamo: LocalDynamo;
let table = '';
let register: SecretRegister;

newTableForEach((local, name) => {
  dynamo = local;
  table = name;
  register = createSecretRegister(dynamo.client, table);
});

const registered = (secretName: string, plannedAt = '2026-03-01T09:00:00.000Z') => ({
  secretName,
  workspace: 'dev-workspace',
  plannedAt,
});

test('gives back every secret that was registered, as it was registered last', async () => {
  expect(await register.all()).toEqual([]);
  await register.put(registered('a'));
  await register.put(registered('b'));
  await register.put(registered('a', '2026-03-02T09:00:00.000Z'));
  expect(await register.all()).toEqual([
    registered('a', '2026-03-02T09:00:00.000Z'),
    registered('b'),
  ]);
});

test('lists no secret that was forgotten, and forgets one as often as asked', async () => {
  await register.put(registered('a'));
  await register.forget('a');
  await register.forget('a');
  expect(await register.all()).toEqual([]);
});

test('lies apart from what else is in the table', async () => {
  await register.put(registered('a'));
  expect(await createFindingStore(dynamo.client, table).open()).toEqual([]);
});

test('fails on an item it did not write', async () => {
  const Item = { pk: { S: 'managed-secrets' }, sk: { S: 'x' }, entry: { S: '{}' } };
  await dynamo.client.send(new PutItemCommand({ TableName: table, Item }));
  await expect(register.all()).rejects.toThrow(/secretName/);
});
