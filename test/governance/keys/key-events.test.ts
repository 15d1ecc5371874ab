import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Alert } from '../../../governance/alerts/alert.js';
import { createJournal } from '../../../governance/keys/journal.aws.js';
import { createKeyEvents } from '../../../governance/keys/key-events.aws.js';
import { collect } from '../../../governance/platform/collect.js';
import { type LocalDynamo, startLocalDynamo } from '../../../testing/dynamo.js';

const SECRET = 'mistral/dev-workspace/dev-team-key';
let dynamo: LocalDynamo;

beforeAll(async () => {
  dynamo = await startLocalDynamo();
  await dynamo.createTable('records');
});
afterAll(() => dynamo.close());

function anAlert(at: string, change: Partial<Alert> = {}): Alert {
  return {
    type: 'rotation-succeeded',
    severity: 'info',
    workspace: 'dev-workspace',
    threadId: 'rotation-v2',
    at: new Date(at),
    title: 'Rotated',
    description: 'The new key is now current.',
    facts: { 'new key': 'k2', 'previous key': 'k1' },
    nextSteps: [{ say: 'Nothing' }],
    ...change,
  };
}

test('what happened to any key is found by its time, once, whichever secret it was of', async () => {
  const journal = createJournal(dynamo.client, 'records');
  await journal.record(SECRET, anAlert('2026-06-28T23:59:59.999Z'));
  await journal.record(
    'mistral/gone/key',
    anAlert('2026-06-29T10:00:00Z', { type: 'key-revoked' }),
  );
  await journal.record(SECRET, anAlert('2026-06-30T01:00:00Z'));
  await journal.record(SECRET, anAlert('2026-06-30T02:00:00Z'));
  const once = anAlert('2026-06-29T11:00:00Z', { type: 'rotation-failed' });
  expect(await journal.recordOnce(SECRET, once)).toBe(true);
  expect(await journal.recordOnce(SECRET, { ...once, at: new Date('2026-06-29T12:00:00Z') })).toBe(
    false,
  );
  const events = createKeyEvents(dynamo.client, 'records');
  const found = await collect(
    events.between(new Date('2026-06-29T00:00:00Z'), new Date('2026-06-30T02:00:00Z')),
  );
  expect(found.map(({ at, subject, type }) => `${at} ${subject} ${type}`)).toEqual([
    '2026-06-29T10:00:00.000Z mistral/gone/key key-revoked',
    `2026-06-29T11:00:00.000Z ${SECRET} rotation-failed`,
    `2026-06-30T01:00:00.000Z ${SECRET} rotation-succeeded`,
  ]);
});

test('a key is called what the rotation of its version called it', async () => {
  const journal = createJournal(dynamo.client, 'records');
  const secret = 'mistral/ml-workspace/ml-team-key';
  for (const [day, version, key] of [
    ['2026-01-01', 'v1', 'ml-first'],
    ['2026-04-01', 'v2', 'ml-second'],
  ]) {
    const facts = { 'new key': key ?? '' };
    await journal.record(
      secret,
      anAlert(`${day}T00:00:00Z`, { threadId: `rotation-${version}`, facts }),
    );
    const inUse = anAlert(`${day}T09:00:00Z`, {
      type: 'key-in-use',
      threadId: `rotation-${version}`,
    });
    await journal.record(secret, inUse);
  }
  const events = createKeyEvents(dynamo.client, 'records');
  expect(await events.keyOf(secret, 'v2')).toBe('ml-second');
  expect(await events.keyOf(secret, 'v1')).toBe('ml-first');
  expect(await events.keyOf(secret, 'v3')).toBeUndefined();
});
