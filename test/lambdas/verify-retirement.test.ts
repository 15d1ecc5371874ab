import { describe, expect, test } from 'vitest';
import type { KeyProbe, ListedKey } from '../../governance/mistral/mistral.js';
import type { Policy } from '../../governance/policy/policy.js';
import {
  createVerifyRetirementHandler,
  type VerifyRetirementDeps,
} from '../../lambdas/verify-retirement/handler.js';
import {
  aManagedKey,
  aPolicy,
  aRemoval,
  aRetirement,
  aSecret,
  silentLog,
} from '../support/builders.js';

const now = new Date('2026-04-03T01:00:00Z');
const values = { v1: aManagedKey('old'), v2: aManagedKey('new'), v3: aManagedKey('later') };
const BAD = { kind: 'bad', reason: 'the key was no longer listed' } as const;
const listedOld: ListedKey = {
  id: 'old',
  name: 'dev-team-key-20260101-v1',
  workspaceId: undefined,
  workspaceName: undefined,
  createdAt: undefined,
  expiresOn: undefined,
  lastUsedOn: '2026-04-01',
};

/** The world of a retirement: which version is current, and which keys Mistral accepts. */
function deps(given: {
  current?: keyof typeof values;
  policy?: Policy;
  accepted?: readonly string[];
  listed?: readonly ListedKey[];
}) {
  const { current = 'v2', accepted = ['old', 'new', 'later'], listed = [listedOld] } = given;
  const probed: string[] = [];
  let described = 0;
  const probe = async (keyId: string): Promise<KeyProbe> => {
    probed.push(keyId);
    return accepted.includes(keyId)
      ? { kind: 'accepted', models: [] }
      : { kind: 'rejected', status: 401 };
  };
  const find = async (keyId: string) => listed.find(({ id }) => id === keyId);
  const all: VerifyRetirementDeps = {
    policy: given.policy ?? aPolicy(),
    secrets: {
      describe: async () => {
        described += 1;
        return aSecret({ [current]: ['AWSCURRENT'] });
      },
      read: async (_secret, version) => values[version as keyof typeof values],
    },
    inspector: {
      find,
      inspect: async ({ keyId }) => {
        const { kind } = await probe(keyId);
        return { health: kind === 'accepted' ? { kind: 'works' } : BAD, models: [] };
      },
    },
    prober: { probe: (apiKey) => probe(apiKey.reveal().replace('plaintext-of-', '')) },
    log: silentLog,
    now: () => now,
  };
  return { probed, described: () => described, handler: createVerifyRetirementHandler(all) };
}

test('an unused key may be revoked, and was not used to find out', async () => {
  const { handler, probed } = deps({});
  expect(await handler(aRetirement())).toEqual({ kind: 'revoke', lastUsedOn: '2026-04-01' });
  expect(probed).toEqual(['new']);
});

/** The flow's state after a check that found the new key bad. */
const REJECTED_SINCE = '2026-04-03T00:50:00.000Z';
const afterRejection = {
  ...aRetirement(),
  verdict: {
    kind: 'wait',
    checkAt: now.toISOString(),
    reason: 'gone',
    rejectedSince: REJECTED_SINCE,
  },
};

test('a new key found bad for the first time is checked again, and the old one is not used meanwhile', async () => {
  const { handler, probed } = deps({ accepted: ['old'] });
  expect(await handler(aRetirement())).toEqual({
    kind: 'wait',
    checkAt: '2026-04-03T01:10:00.000Z',
    reason: 'the key was no longer listed',
    rejectedSince: now.toISOString(),
  });
  expect(probed).toEqual(['new']);
});

test('a new key found bad again is rolled back when the old one is accepted', async () => {
  const { handler, probed } = deps({ accepted: ['old'] });
  expect(await handler(afterRejection)).toEqual({
    kind: 'roll-back',
    reason: 'the key was no longer listed',
    rejectedSince: REJECTED_SINCE,
  });
  expect(probed).toEqual(['new', 'old']);
});

test('a new key that is accepted again is not rolled back', async () => {
  const { handler, probed } = deps({});
  expect(await handler(afterRejection)).toEqual({ kind: 'revoke', lastUsedOn: '2026-04-01' });
  expect(probed).toEqual(['new']);
});

test('nothing is rolled back when both keys are rejected', async () => {
  const { handler } = deps({ accepted: [] });
  expect(await handler(afterRejection)).toMatchObject({ kind: 'both-keys-rejected' });
});

test('a flow overtaken by a later rotation judges its old key alone', async () => {
  const { handler, probed } = deps({ current: 'v3', accepted: [] });
  expect(await handler(aRetirement())).toMatchObject({ kind: 'revoke' });
  expect(probed).toEqual([]);
});

test('an old key that is current again is kept', async () => {
  const { handler } = deps({ current: 'v1' });
  expect(await handler(aRetirement())).toEqual({ kind: 'kept' });
});

test('an old key that is gone is not revoked again', async () => {
  const { handler } = deps({ listed: [] });
  expect(await handler(aRetirement())).toEqual({ kind: 'already-revoked' });
});

const WITHOUT_THE_KEY = aPolicy((document) => {
  document.workspaces[0].keys = [];
});

describe('of a secret that left the policy', () => {
  test('the current key may be revoked, and the secret is not read', async () => {
    const { handler, probed, described } = deps({ current: 'v1', policy: WITHOUT_THE_KEY });
    expect(await handler(aRemoval())).toEqual({ kind: 'revoke', lastUsedOn: '2026-04-01' });
    expect(probed).toEqual([]);
    expect(described()).toBe(0);
  });

  test('no key is promoted again, although the one that replaced it is rejected', async () => {
    const { handler } = deps({ accepted: ['old'], policy: WITHOUT_THE_KEY });
    expect(await handler(aRetirement())).toMatchObject({ kind: 'revoke' });
  });
});

describe('of a secret that is back in the policy', () => {
  test('the key is kept while it is current', async () => {
    const { handler } = deps({ current: 'v1' });
    expect(await handler(aRemoval())).toEqual({ kind: 'kept' });
  });

  test('the key may be revoked once another is current, whose health is not checked', async () => {
    const { handler, probed } = deps({ current: 'v2', accepted: [] });
    expect(await handler(aRemoval())).toMatchObject({ kind: 'revoke' });
    expect(probed).toEqual([]);
  });
});

test('an input without a reason is a replacement', async () => {
  const { reason: _, ...before } = aRetirement();
  expect(await deps({}).handler(before)).toMatchObject({ kind: 'revoke' });
});

test('fails on an input the flow should never send', async () => {
  const { handler } = deps({});
  await expect(handler({ secretId: 'arn' })).rejects.toThrow(/oldKeyId/);
});
