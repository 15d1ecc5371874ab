import { expect, test } from 'vitest';
import type { KeyProbe } from '../../lambdas/domain/mistral.js';
import { createVerifyDeletionHandler } from '../../lambdas/verify-deletion/handler.js';
import { aManagedKey, aRetirement, aSecret, silentLog } from '../support/builders.js';

const values = { v1: aManagedKey('old'), v2: aManagedKey('new'), v3: aManagedKey('later') };
type Version = keyof typeof values;

/** Which version is current, which are stored, and what Mistral answers to each use of a key in turn. */
function verify(given: {
  current?: Version;
  stored?: readonly Version[];
  answers?: Readonly<Record<string, readonly (200 | 401 | 403)[]>>;
}) {
  const { current = 'v2', stored = ['v1', 'v2', 'v3'], answers = {} } = given;
  const used: string[] = [];
  const probe = async (keyId: string): Promise<KeyProbe> => {
    const before = used.filter((one) => one === keyId).length;
    used.push(keyId);
    const status = (answers[keyId] ?? [200])[before] ?? answers[keyId]?.at(-1) ?? 200;
    return status === 200 ? { kind: 'accepted', models: [] } : { kind: 'refused', status };
  };
  const handler = createVerifyDeletionHandler({
    secrets: {
      describe: async () => aSecret({ [current]: ['AWSCURRENT'] }),
      read: async (_secret, version) =>
        stored.includes(version as Version) ? values[version as Version] : undefined,
    },
    prober: { probe: (apiKey) => probe(apiKey.reveal().replace('plaintext-of-', '')) },
    log: silentLog,
    now: () => new Date('2026-04-03T01:00:00Z'),
  });
  return { used, verdict: handler(aRetirement()) };
}

test('asks for the deletion of an old key that Mistral still accepts', async () => {
  const { verdict, used } = verify({});
  expect(await verdict).toEqual({ kind: 'deletion-needed', checkAt: '2026-04-04T01:00:00.000Z' });
  expect(used).toEqual(['new', 'old']);
});

test('sees a deletion by a refusal between two uses of the key in charge', async () => {
  const { verdict, used } = verify({ answers: { old: [401] } });
  expect(await verdict).toEqual({ kind: 'deleted' });
  expect(used).toEqual(['new', 'old', 'new']);
});

test('takes a refusal for no deletion when the key in charge is refused right after', async () => {
  const { verdict } = verify({ answers: { old: [401], new: [200, 401] } });
  expect(await verdict).toMatchObject({ kind: 'in-charge-refused', oldKey: 'refused' });
});

test('takes a refusal for no deletion when the key in charge was refused just before', async () => {
  const { verdict } = verify({ answers: { old: [401], new: [401, 200] } });
  expect(await verdict).toMatchObject({ kind: 'in-charge-refused', oldKey: 'refused' });
});

test('takes a 403 for no deletion: the key is known, but not let do this', async () => {
  const { verdict } = verify({ answers: { old: [403] } });
  expect(await verdict).toMatchObject({ kind: 'deletion-needed' });
});

test('holds the old key of an overtaken flow against the newest one', async () => {
  const { verdict, used } = verify({ current: 'v3', answers: { old: [401], new: [401] } });
  expect(await verdict).toEqual({ kind: 'deleted' });
  expect(used).toEqual(['later', 'old', 'later']);
});

test('uses no key at all when the old one is in charge again', async () => {
  const { verdict, used } = verify({ current: 'v1' });
  expect(await verdict).toEqual({ kind: 'keep' });
  expect(used).toEqual([]);
});

test('says so when the old version is no longer stored', async () => {
  expect(await verify({ stored: ['v2'] }).verdict).toEqual({ kind: 'not-checkable' });
});

test('fails when nothing is in charge', async () => {
  await expect(verify({ stored: ['v1'] }).verdict).rejects.toThrow('AWSCURRENT of');
});
