import { expect, test } from 'vitest';
import { callInProcess } from '../../testing/in-process.js';
import { definitionFor } from '../support/definition.js';
import { ONE_KEY, openWorld, shareDynamo } from '../support/on-call-world.js';
import { dayOf, SECRET } from '../support/stories.js';

shareDynamo();

async function openAccount() {
  const world = await openWorld({
    policy: ONE_KEY,
    definition: definitionFor(ONE_KEY),
    connect: callInProcess,
  });
  const types = () => world.events.events.map(({ detail }) => detail.type);
  return { ...world, types, put: world.events.events };
}

test('the life of a key is told as events, each once, with the threads and ids of its alerts', async () => {
  const { put, types, inbox, clock, provision } = await openAccount();
  await provision();
  await clock.playUntil(dayOf(95));

  expect(types()).toEqual(['key-provisioned', 'key-rotated', 'key-retired']);
  const [provisioned, rotated, retired] = put.map(({ detail }) => detail);
  expect(put.map(({ bus }) => bus)).toEqual(['default', 'default', 'default']);
  expect(rotated).toMatchObject({
    secretName: SECRET,
    previousKeyId: provisioned?.keyId,
    severity: 'info',
  });
  expect(retired).toMatchObject({ keyId: provisioned?.keyId, replacedBy: rotated?.keyId });
  const alerts = inbox.messages.map(({ bodies }) => JSON.parse(bodies.default ?? ''));
  expect(put.map(({ detail }) => detail.threadId)).toEqual(alerts.map((one) => one.threadId));
  expect(alerts.some((alert) => 'change' in alert)).toBe(false);
});

test('a key that is held is one event, however often on-call is reminded', async () => {
  const { put, types, mistral, inbox, clock, provision } = await openAccount();
  await provision();
  await clock.playUntil(dayOf(1));
  const [old] = mistral.keys.made;
  for (let day = 90; day < 110; day += 1) {
    await clock.playUntil(dayOf(day));
    mistral.keys.accept(old?.plaintext ?? '');
  }
  const held = put.filter(({ detail }) => detail.type === 'key-held');
  expect(held.map(({ detail }) => detail.keyId)).toEqual([old?.id]);
  const reminders = inbox.messages.filter(
    ({ attributes }) => attributes.type === 'approval-needed',
  );
  expect(reminders.length).toBeGreaterThan(2);
  expect(types()).not.toContain('key-retired');
});

test('a rollback is told, and so is what the audit finds and finds no more', async () => {
  const { put, types, mistral, clock, provision, audit } = await openAccount();
  await provision();
  await clock.playUntil(new Date(dayOf(90).getTime() + 2 * 3_600_000));
  mistral.keys.breakKey(mistral.keys.made.at(-1)?.id ?? '');
  await clock.playUntil(dayOf(93));
  expect(types()).toEqual(['key-provisioned', 'key-rotated', 'key-rolled-back']);
  expect(put.at(-1)?.detail).toMatchObject({
    keyId: mistral.keys.made[0]?.id,
    withdrawnKeyId: mistral.keys.made[1]?.id,
    by: 'retirement',
  });

  const stray = mistral.keys.create({
    name: 'notebook',
    workspaceId: ONE_KEY.workspaces[0]?.id ?? '',
    userId: 'alice@example.com',
  });
  const before = put.length;
  await audit();
  const found = put.slice(before).map(({ detail }) => detail);
  expect(found[0]).toMatchObject({ type: 'report-written', complete: true });
  const opened = found.filter(({ type }) => type === 'finding-opened');
  const ofStray = opened.find(({ finding }) => JSON.stringify(finding).includes(stray.id));
  expect(ofStray).toMatchObject({ finding: { type: 'unmanaged' }, severity: 'warning' });

  mistral.keys.delete(stray.id);
  const then = put.length;
  await audit();
  const resolved = put.slice(then).filter(({ detail }) => detail.type === 'finding-resolved');
  expect(resolved.map(({ detail }) => idOf(detail.finding))).toContain(idOf(ofStray?.finding));
});

const idOf = (finding: unknown) => Object(finding).id;
