import { expect, test } from 'vitest';
import type { KeyProbe, ListedKey } from '../../lambdas/domain/mistral.js';
import {
  createVerifyRetirementHandler,
  type VerifyRetirementDeps,
} from '../../lambdas/verify-retirement/handler.js';
import { aManagedKey, aRetirement, aSecret, silentLog } from '../support/builders.js';

const now = new Date('2026-04-03T01:00:00Z');
const values = { v1: aManagedKey('old'), v2: aManagedKey('new'), v3: aManagedKey('later') };
const listedOld: ListedKey = {
  id: 'old',
  name: 'dev-team-key-20260101-v1',
  workspaceId: undefined,
  workspaceName: undefined,
  createdAt: undefined,
  expiresOn: undefined,
  lastUsedOn: '2026-04-01',
};

/** The world of a retirement: which version is current, and which keys Mistral lets in. */
function deps(given: {
  current?: keyof typeof values;
  accepted?: readonly string[];
  listed?: readonly ListedKey[];
  /** Happens after each use of a key. */
  onProbe?: () => void;
}) {
  const { onProbe = () => {} } = given;
  const { current = 'v2', accepted = ['old', 'new', 'later'], listed = [listedOld] } = given;
  const probed: string[] = [];
  const probe = async (keyId: string): Promise<KeyProbe> => {
    probed.push(keyId);
    const isAccepted = accepted.includes(keyId);
    onProbe();
    return isAccepted ? { kind: 'accepted', models: [] } : { kind: 'refused', status: 401 };
  };
  const find = async (keyId: string) => listed.find(({ id }) => id === keyId);
  const all: VerifyRetirementDeps = {
    secrets: {
      describe: async () => aSecret({ [current]: ['AWSCURRENT'] }),
      read: async (_secret, version) => values[version as keyof typeof values],
    },
    inspector: {
      find,
      inspect: async (key, _version, at) => ({
        facts: {
          now: at,
          createdAt: key.createdAt,
          accepted: (await probe(key.keyId)).kind === 'accepted',
          listed: await find(key.keyId),
          spendLimitReached: false,
        },
        models: [],
      }),
    },
    prober: { probe: (apiKey) => probe(apiKey.reveal().replace('plaintext-of-', '')) },
    log: silentLog,
    now: () => now,
  };
  return { probed, handler: createVerifyRetirementHandler(all) };
}

test('an old key gone quiet may be revoked, and was not used to find out', async () => {
  const { handler, probed } = deps({});
  expect(await handler(aRetirement())).toEqual({ kind: 'revoke', lastUsedOn: '2026-04-01' });
  expect(probed).toEqual(['new']);
});

test('a bad new key is rolled back when the old one is accepted', async () => {
  const { handler, probed } = deps({ accepted: ['old'] });
  expect(await handler(aRetirement())).toEqual({
    kind: 'roll-back',
    reason: 'Mistral no longer lists the key',
  });
  expect(probed).toEqual(['new', 'old', 'new']);
});

test('a new key refused but once is not rolled back: the refusal may have been a bad moment', async () => {
  const accepted = ['old'];
  const { handler, probed } = deps({ accepted, onProbe: () => void accepted.push('new') });
  expect(await handler(aRetirement())).toEqual({ kind: 'revoke', lastUsedOn: '2026-04-01' });
  expect(probed).toEqual(['new', 'old', 'new']);
});

test('nothing is rolled back when both keys are refused', async () => {
  const { handler } = deps({ accepted: [] });
  expect(await handler(aRetirement())).toMatchObject({ kind: 'both-refused' });
});

test('a flow overtaken by a later rotation judges its old key alone', async () => {
  const { handler, probed } = deps({ current: 'v3', accepted: [] });
  expect(await handler(aRetirement())).toMatchObject({ kind: 'revoke' });
  expect(probed).toEqual([]);
});

test('an old key that is in charge again is kept', async () => {
  const { handler } = deps({ current: 'v1' });
  expect(await handler(aRetirement())).toEqual({ kind: 'keep' });
});

test('an old key that is gone needs no revoking', async () => {
  const { handler } = deps({ listed: [] });
  expect(await handler(aRetirement())).toEqual({ kind: 'already-revoked' });
});

test('fails on an input the flow should never send', async () => {
  const { handler } = deps({});
  await expect(handler({ secretId: 'arn' })).rejects.toThrow(/oldKeyId/);
});
