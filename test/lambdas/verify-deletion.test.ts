import { describe, expect, test } from 'vitest';
import type { ManagedKey } from '../../governance/keys/managed-key.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import type { KeyProbe } from '../../governance/mistral/mistral.js';
import { createVerifyDeletionHandler } from '../../lambdas/verify-deletion/handler.js';
import {
  aManagedKey,
  anOperatorPolicy,
  aRemoval,
  aRetirement,
  aSecret,
  silentLog,
} from '../support/builders.js';

const OWN = 'mistral/dev-workspace/dev-team-key';
const values = { v1: aManagedKey('old'), v2: aManagedKey('new'), v3: aManagedKey('later') };
type Version = keyof typeof values;

/** Which version is current, which are stored, and what Mistral answers to each use of a key in turn. */
function verify(given: {
  current?: Version;
  stored?: readonly Version[];
  answers?: Readonly<Record<string, readonly (200 | 401 | 403)[]>>;
  retirement?: Retirement;
  /** Current keys of other secrets of the policy, by the secret's name. */
  peers?: Readonly<Record<string, ManagedKey>>;
  pending?: Version;
}) {
  const { current = 'v2', stored = ['v1', 'v2', 'v3'], answers = {}, peers = {} } = given;
  const { retirement = aRetirement(), pending } = given;
  const used: string[] = [];
  const probe = async (keyId: string): Promise<KeyProbe> => {
    const before = used.filter((one) => one === keyId).length;
    used.push(keyId);
    const status = (answers[keyId] ?? [200])[before] ?? answers[keyId]?.at(-1) ?? 200;
    return status === 200 ? { kind: 'accepted', models: [] } : { kind: 'rejected', status };
  };
  const handler = createVerifyDeletionHandler({
    policy: anOperatorPolicy(),
    secrets: {
      describe: async (name) =>
        name === OWN && retirement.secretName === OWN
          ? aSecret({ [current]: ['AWSCURRENT'], ...(pending && { [pending]: ['AWSPENDING'] }) })
          : { ...aSecret(name in peers ? { p1: ['AWSCURRENT'] } : {}), arn: `arn:${name}` },
      read: async (secret, version) =>
        secret.startsWith('arn:mistral/')
          ? peers[secret.slice('arn:'.length)]
          : stored.includes(version as Version)
            ? values[version as Version]
            : undefined,
    },
    prober: { probe: (apiKey) => probe(apiKey.reveal().replace('plaintext-of-', '')) },
    log: silentLog,
    now: () => new Date('2026-04-03T01:00:00Z'),
  });
  return { used, verdict: handler(retirement) };
}

test('requests the deletion of a replaced key that Mistral still accepts', async () => {
  const { verdict, used } = verify({});
  expect(await verdict).toEqual({
    kind: 'deletion-needed',
    checkAt: '2026-04-04T01:00:00.000Z',
    oldKey: 'accepted',
    notified: { of: 'deletion-needed', openedOn: '2026-04-03', lastNotifiedOn: '2026-04-03' },
  });
  expect(used).toEqual(['new', 'old']);
});

test('a rejection between two accepted uses of the current key proves the deletion', async () => {
  const { verdict, used } = verify({ answers: { old: [401] } });
  expect(await verdict).toEqual({ kind: 'deleted', witness: OWN });
  expect(used).toEqual(['new', 'old', 'new']);
});

test('a rejection proves nothing when the current key is rejected right after', async () => {
  const { verdict } = verify({ answers: { old: [401], new: [200, 401] } });
  expect(await verdict).toMatchObject({ kind: 'current-key-rejected', oldKey: 'rejected' });
});

test('a rejection proves nothing when the current key was rejected just before', async () => {
  const { verdict } = verify({ answers: { old: [401], new: [401, 200] } });
  expect(await verdict).toMatchObject({ kind: 'current-key-rejected', oldKey: 'rejected' });
});

test('a 403 proves nothing: the key exists, but may not do this', async () => {
  const { verdict } = verify({ answers: { old: [403] } });
  expect(await verdict).toMatchObject({ kind: 'deletion-needed' });
});

test('the replaced key of an overtaken flow is compared with the newest one', async () => {
  const { verdict, used } = verify({ current: 'v3', answers: { old: [401], new: [401] } });
  expect(await verdict).toEqual({ kind: 'deleted', witness: OWN });
  expect(used).toEqual(['later', 'old', 'later']);
});

test('uses no key when the replaced one is current again', async () => {
  const { verdict, used } = verify({ current: 'v1' });
  expect(await verdict).toEqual({ kind: 'kept', heldBy: OWN });
  expect(used).toEqual([]);
});

test('cannot verify a version that is no longer stored', async () => {
  expect(await verify({ stored: ['v2'] }).verdict).toEqual({
    kind: 'not-verified',
    oldKey: 'not stored',
  });
});

test('fails when no key is current', async () => {
  await expect(verify({ stored: ['v1'] }).verdict).rejects.toThrow('AWSCURRENT of');
});

test('keeps a removed key whose secret came back before the key was verified', async () => {
  const { verdict } = verify({ retirement: aRemoval(), current: 'v2', pending: 'v1' });
  expect(await verdict).toEqual({ kind: 'kept', heldBy: OWN });
});

describe('a key that left the policy', () => {
  const LEFT = 'mistral/prod-workspace/left-key';
  const retirement = aRemoval({ secretName: LEFT, workspace: 'prod-workspace' });
  const NEAR = 'mistral/prod-workspace/search-service-key';
  const FAR = 'mistral/ml-workspace/ml-team-key';
  const peers = { [NEAR]: aManagedKey('near'), [FAR]: aManagedKey('far') };

  test('is to be deleted as long as Mistral accepts it, and no other key is used', async () => {
    const { verdict, used } = verify({ retirement, peers });
    expect(await verdict).toMatchObject({ kind: 'deletion-needed', oldKey: 'accepted' });
    expect(used).toEqual(['old']);
  });

  test('is deleted when it is rejected before and after a key of its workspace is accepted', async () => {
    const { verdict, used } = verify({ retirement, peers, answers: { old: [401] } });
    expect(await verdict).toEqual({ kind: 'deleted', witness: NEAR });
    expect(used).toEqual(['old', 'near', 'old']);
  });

  test('is not deleted when it is accepted right after', async () => {
    const { verdict } = verify({ retirement, peers, answers: { old: [401, 200] } });
    expect(await verdict).toMatchObject({ kind: 'deletion-needed', oldKey: 'accepted' });
  });

  test('is not compared with another workspace while its own one may be suspended', async () => {
    const answers = { old: [401], near: [401] } as const;
    const { verdict, used } = verify({ retirement, peers, answers });
    expect(await verdict).toMatchObject({ kind: 'deletion-needed', oldKey: 'rejected' });
    expect(used).toEqual(['old', 'near']);
  });

  test('is compared with another workspace when its own one has no key left', async () => {
    const far = { [FAR]: peers[FAR] ?? aManagedKey('far') };
    const { verdict } = verify({ retirement, peers: far, answers: { old: [401] } });
    expect(await verdict).toEqual({ kind: 'deleted', witness: FAR });
  });

  test('cannot be verified without another key to compare with', async () => {
    const { verdict } = verify({ retirement, answers: { old: [401] } });
    expect(await verdict).toEqual({ kind: 'not-verified', oldKey: 'rejected' });
  });

  test('is kept, and not even tried, when another secret of its workspace holds it', async () => {
    const twin = { [NEAR]: aManagedKey('renamed', { apiKey: new ApiKey('plaintext-of-old') }) };
    const { verdict, used } = verify({ retirement, peers: twin });
    expect(await verdict).toEqual({ kind: 'kept', heldBy: NEAR });
    expect(used).toEqual([]);
  });

  test('is not kept because its replaced predecessor is the same secret', async () => {
    const replaced = aRetirement({ secretName: LEFT, workspace: 'prod-workspace' });
    const { verdict } = verify({
      retirement: replaced,
      peers,
      answers: { old: [401], new: [401] },
    });
    expect(await verdict).toEqual({ kind: 'deleted', witness: NEAR });
  });
});
