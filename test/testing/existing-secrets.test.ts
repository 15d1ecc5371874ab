import { describe, expect, test } from 'vitest';
import { callInProcess } from '../../testing/in-process.js';
import type { World } from '../../testing/world.js';
import {
  changedBytes,
  consumedKey,
  FIELD,
  JSON_FIELD,
  labelsOf,
  oldKey,
  PLAIN,
  policyOfExisting,
  settingsWith,
  storeOldKeys,
  TWO_EXISTING,
} from '../support/existing-secrets.js';
import { openWorld as openAnyWorld, shareDynamo } from '../support/on-call-world.js';
import { dayOf } from '../support/stories.js';

shareDynamo();

const openWorld = (policy = TWO_EXISTING) => openAnyWorld({ policy, connect: callInProcess });

/** What no consumer may meet: a key that Mistral rejects. */
function refusedConsumers(world: Pick<World, 'secrets' | 'mistral'>): string[] {
  return [PLAIN, FIELD].filter((name) => {
    const key = world.mistral.keys
      .all()
      .find(({ plaintext }) => plaintext === consumedKey(world, name));
    return !key || !world.mistral.keys.isAccepted(key.id);
  });
}

/** All that is kept, but for when it was read. */
function stored({ secrets }: Pick<World, 'secrets'>): string {
  return JSON.stringify(secrets.all(), (key, value) => {
    if (key === 'lastAccessedAt') return undefined;
    return value instanceof Map || value instanceof Set ? [...value] : value;
  });
}

test('keys of secrets that were there are found, replaced at the first rotation, and retired; all else stays', async () => {
  const world = await openWorld();
  const [ofTool, ofApp] = storeOldKeys(world);
  world.secrets.find(FIELD).resourcePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Sid: 'Team',
      Effect: 'Allow',
      Principal: '*',
      Action: 'secretsmanager:GetSecretValue',
      Resource: '*',
    },
  });
  await world.provision();
  await world.clock.playUntil(dayOf(1));

  expect(world.mistral.keys.all()).toEqual([ofTool, ofApp]);
  expect(labelsOf(world, PLAIN)).toEqual([
    'AWSCURRENT',
    `mistral-key/${ofTool?.id}/2026-08-15T09:00:00.000Z/never/plain`,
  ]);
  expect(consumedKey(world, FIELD)).toBe(ofApp?.plaintext);
  const { findings } = await world.audit();
  expect(
    findings.filter(({ type }) => ['unmanaged', 'missing', 'orphaned'].includes(type)),
  ).toEqual([]);

  for (const [secret, old] of [
    [PLAIN, ofTool],
    [FIELD, ofApp],
  ] as const) {
    await world.rotate(secret);
    expect(consumedKey(world, secret)).not.toBe(old?.plaintext);
    expect(refusedConsumers(world)).toEqual([]);
    expect(world.mistral.keys.all()).toContainEqual(old);
  }
  await world.clock.playUntil(dayOf(5));
  expect(world.mistral.keys.all().map(({ name }) => name)).toEqual([
    expect.stringMatching(/^tool-20260816-/),
    expect.stringMatching(/^app-20260816-/),
  ]);
  expect(refusedConsumers(world)).toEqual([]);

  await world.clock.playUntil(dayOf(100));
  expect(world.mistral.keys.made).toHaveLength(6);
  expect(world.mistral.keys.all()).toHaveLength(2);
  expect(refusedConsumers(world)).toEqual([]);
  expect(changedBytes(world)).toEqual([]);
  expect((await world.audit()).findings.map(({ type }) => type)).not.toContain('missing');
});

test('a key in two secrets is retired once, after both have another one', async () => {
  const world = await openWorld();
  const [shared] = storeOldKeys(world, { isShared: true });
  await world.provision();
  await world.rotate(PLAIN);
  await world.clock.playUntil(dayOf(20));
  expect(world.mistral.keys.all()).toContainEqual(shared);
  expect(world.executions.all()).toEqual([]);
  expect(world.inbox.messages.at(-1)?.bodies.email ?? '').toContain(FIELD);
  const { findings } = await world.audit();
  expect(
    findings.filter(({ type }) => ['unmanaged', 'missing', 'orphaned'].includes(type)),
  ).toEqual([]);

  await world.rotate(FIELD);
  await world.clock.playUntil(dayOf(30));
  expect(world.executions.all().map(({ status }) => status)).toEqual(['SUCCEEDED']);
  expect(world.mistral.keys.all()).not.toContainEqual(shared);
  expect(world.mistral.keys.all()).toHaveLength(2);
  expect(refusedConsumers(world)).toEqual([]);
});

test('two secrets that leave a key at once start one retirement', async () => {
  const world = await openWorld();
  const [shared] = storeOldKeys(world, { isShared: true });
  await world.provision();
  await Promise.all([PLAIN, FIELD].map((name) => world.rotate(name)));
  await world.clock.playUntil(dayOf(10));
  expect(world.executions.all().map(({ status }) => status)).toEqual(['SUCCEEDED']);
  expect(world.mistral.keys.all()).not.toContainEqual(shared);
});

test('what others change beside the key during a rotation is not lost', async () => {
  const world = await openWorld();
  const [, ofApp] = storeOldKeys(world);
  await world.provision();
  const edited = settingsWith(ofApp?.plaintext ?? '').replace('5432', '5433');
  const { keys } = world.mistral;
  const create = keys.create;
  // After the value was read, before the new one is promoted.
  const put = world.secrets.operations.PutSecretValue;
  keys.create = (key) => {
    keys.create = create;
    world.secrets.operations.PutSecretValue = (input) => {
      const stored = put?.(input);
      world.secrets.operations.PutSecretValue = put ?? (() => {});
      put?.({ SecretId: FIELD, SecretString: edited });
      return stored;
    };
    return create(key);
  };
  await world.rotate(FIELD);
  expect(world.secrets.valueAt(FIELD, 'AWSCURRENT')).toBe(edited);
  expect(world.mistral.keys.all()).toHaveLength(2);

  await world.clock.playUntil(dayOf(2));
  await world.rotate(FIELD);
  await world.clock.playUntil(dayOf(8));
  const value = world.secrets.valueAt(FIELD, 'AWSCURRENT') ?? '';
  expect(JSON.parse(value).flags).toEqual([1, true]);
  expect(value).toContain('5433');
  expect(consumedKey(world, FIELD)).not.toBe(ofApp?.plaintext);
  expect(world.mistral.keys.all()).not.toContainEqual(ofApp);
});

test('others may change what is beside the key after a rotation', async () => {
  const world = await openWorld();
  const [, ofApp] = storeOldKeys(world);
  await world.provision();
  await world.rotate(FIELD);
  const edited = (world.secrets.valueAt(FIELD, 'AWSCURRENT') ?? '').replace('5432', '5433');
  world.secrets.operations.PutSecretValue?.({ SecretId: FIELD, SecretString: edited });
  await world.clock.playUntil(dayOf(5));
  expect(world.mistral.keys.all()).not.toContainEqual(ofApp);
  const { findings } = await world.audit();
  expect(
    findings.filter(({ type }) => ['unmanaged', 'missing', 'orphaned'].includes(type)),
  ).toEqual([]);
  const replaced = consumedKey(world, FIELD);
  await world.rotate(FIELD);
  await world.clock.playUntil(dayOf(10));
  expect(world.mistral.keys.all().map(({ plaintext }) => plaintext)).not.toContain(replaced);
  expect(world.secrets.valueAt(FIELD, 'AWSCURRENT')).toContain('5433');
});

test('a secret that leaves the policy stays what it is, with its key, and without what was added', async () => {
  const world = await openWorld();
  const [ofTool] = storeOldKeys(world);
  const own =
    '{"Version":"2012-10-17","Statement":[{"Sid":"Team","Effect":"Deny","Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"}]}';
  world.secrets.find(PLAIN).resourcePolicy = own;
  await world.provision();
  expect(JSON.parse(world.secrets.find(PLAIN).resourcePolicy ?? '').Statement).toMatchObject([
    { Sid: 'Team' },
    { Sid: 'MistralGovernance0' },
    { Sid: 'MistralGovernance1' },
  ]);
  await world.deploy(
    policyOfExisting({ name: 'app', secret: FIELD, format: { jsonField: JSON_FIELD } }),
  );
  await world.clock.playUntil(dayOf(20));
  expect(world.secrets.find(PLAIN).resourcePolicy).toBe(own);
  expect(world.mistral.keys.all()).toContainEqual(ofTool);
  expect(consumedKey(world, PLAIN)).toBe(ofTool?.plaintext);
  expect(world.executions.all()).toEqual([]);
});

describe('a secret that cannot be taken over is refused with its name and its key, and nothing is changed:', () => {
  type Secrets = World['secrets'];
  const named = (name: string) => `secret ${name} cannot be taken over for key dev-workspace/`;
  test.each<[string, (secrets: Secrets, world: World) => void, string]>([
    ['gone', (secrets) => secrets.delete(PLAIN), 'it does not exist in this account and region'],
    [
      'being deleted',
      (secrets) => void Object.assign(secrets.find(PLAIN), { deletedAt: new Date(0) }),
      'it is being deleted; to keep it: aws secretsmanager restore-secret',
    ],
    [
      'denied',
      (secrets) => void Object.assign(secrets.find(PLAIN), { denied: 'User: x is not authorized' }),
      'this product may not use it',
    ],
    [
      'a copy',
      (secrets) => void Object.assign(secrets.find(PLAIN), { primaryRegion: 'eu-central-1' }),
      'it is a replica of the secret in eu-central-1',
    ],
    [
      'rotated by others',
      (secrets) =>
        void Object.assign(secrets.find(PLAIN), {
          rotateEveryDays: 30,
          rotatedBy: 'arn:aws:lambda:x',
        }),
      'arn:aws:lambda:x rotates it; to end that: aws secretsmanager cancel-rotate-secret',
    ],
    [
      'not a key',
      (secrets) => void secrets.create(PLAIN, { value: 'two words' }),
      'its value is not the bare key',
    ],
    [
      'binary',
      (secrets) => {
        const [version] = secrets.find(PLAIN).versions.values();
        if (version) Object.assign(version, { value: undefined, binary: 'AAAA' });
      },
      'holds a binary value',
    ],
    [
      'of another organization',
      (secrets) => void secrets.create(PLAIN, { value: 'aKeyOfAnotherOrganization12345678' }),
      'none that Mistral lists for this organization',
    ],
    [
      'two keys alike',
      (secrets, world) => {
        const key = oldKey(world);
        world.mistral.keys.all();
        const twin = oldKey(world);
        Object.assign(twin, {
          plaintext: `${key.plaintext.slice(0, 4)}abcdefgh${key.plaintext.slice(-4)}`,
        });
        secrets.create(PLAIN, { value: key.plaintext });
      },
      'Mistral shows 2 keys like the one in it',
    ],
    [
      'no field',
      (secrets) => void secrets.create(FIELD, { value: '{"OTHER":"x"}' }),
      'it has no field "MISTRAL_API_KEY"',
    ],
    [
      'no string',
      (secrets) => void secrets.create(FIELD, { value: '{"MISTRAL_API_KEY":[]}' }),
      'is not a string',
    ],
    [
      'no JSON',
      (secrets) => void secrets.create(FIELD, { value: 'key=1' }),
      'it is not a JSON object',
    ],
    ['empty', (secrets) => void secrets.create(FIELD), 'it holds no value yet'],
    [
      'too long',
      (secrets) =>
        void secrets.create(FIELD, {
          value: JSON.stringify({ MISTRAL_API_KEY: 'k', x: 'x'.repeat(70_000) }),
        }),
      'it is longer than 65536 bytes',
    ],
    [
      'a long policy',
      (secrets) =>
        void Object.assign(secrets.find(PLAIN), {
          resourcePolicy: JSON.stringify({ Statement: [{ Sid: 'x'.repeat(20_300) }] }),
        }),
      'its resource policy would be 20',
    ],
    [
      'a broken policy',
      (secrets) => void Object.assign(secrets.find(PLAIN), { resourcePolicy: '{' }),
      'its resource policy cannot be read',
    ],
  ])('%s', async (_name, spoil, reason) => {
    const world = await openWorld();
    storeOldKeys(world);
    spoil(world.secrets, world);
    const before = stored(world);
    const failed = await world.provision().catch((error: unknown) => String(error));
    const ofField =
      reason.includes('field') ||
      [
        'is not a string',
        'it is not a JSON object',
        'it holds no value yet',
        'it is longer than 65536 bytes',
      ].includes(reason);
    expect(failed).toContain(named(ofField ? FIELD : PLAIN));
    expect(failed).toContain(reason);
    expect(failed).toContain('nothing was changed');
    if (ofField) return;
    expect(stored(world)).toBe(before);
  });
});
