import { expect, test } from 'vitest';
import type { RunningRetirement } from '../../cli/keys/retirement-flows.js';
import { type RotateDeps, revokeReplaced, rotateKey } from '../../cli/keys/rotate-key.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import { aPolicy, aRetirement, aSecret } from '../support/builders.js';

const waitFor = (minutes: number, isUrgent = false) => ({
  timeoutMs: minutes * 60_000,
  isUrgent,
});
const before = aSecret({ old: ['AWSCURRENT'] });
const pending = aSecret({ old: ['AWSCURRENT'], new: ['AWSPENDING'] });
const after = aSecret({ old: ['AWSPREVIOUS'], new: ['AWSCURRENT', 'AWSPENDING'] });

/** A secret in these states one after the other, and in the last one from then on. */
function watching(states: readonly SecretState[], running: readonly RunningRetirement[] = []) {
  let checks = 0;
  let nowMs = Date.parse('2026-11-25T10:00:00Z');
  const reported: string[] = [];
  const deps: RotateDeps = {
    secrets: {
      async describe() {
        const state = states[Math.min(checks, states.length - 1)];
        checks += 1;
        if (!state) throw new Error('there is no state to see');
        return state;
      },
    },
    rotations: {
      start: async () => 'started',
      replaceNow: async ({ name }) => void reported.push(`${name} may be replaced now`),
    },
    policy: aPolicy(),
    flows: { running: async () => running, revokeAtOnce: async () => 'revoked' },
    sleep: async (milliseconds) => {
      nowMs += milliseconds;
    },
    now: () => new Date(nowMs),
    report: (line) => void reported.push(line),
  };
  return { deps, reported, checks: () => checks };
}

const waiting = (name: string, change: Parameters<typeof aRetirement>[0] = {}) => ({
  name,
  executionArn: `arn:${name}`,
  startedAt: new Date('2026-04-01T10:00:00Z'),
  retirement: aRetirement({ oldKeyId: `key before ${name}`, ...change }),
});

test('a rotation ends when another version is current, and continues if it is interrupted', async () => {
  const { deps, reported } = watching([before, before, pending, after]);
  expect(await rotateKey(deps, before.name, waitFor(20))).toEqual({
    oldVersionId: 'old',
    newVersionId: 'new',
  });
  expect(reported).toEqual([
    expect.stringContaining('it continues if this command is interrupted'),
  ]);
});

test('outside of the window nothing is started, unless it must be replaced now', async () => {
  const { deps, reported, checks } = watching([before, before, after]);
  const policy = aPolicy((document) => {
    document.rotation.window = { days: ['mon'], from: '09:00', to: '16:00' };
  });
  await expect(rotateKey({ ...deps, policy }, before.name, waitFor(20))).rejects.toMatchObject({
    code: 'rotation_held',
    exitCode: 1,
    message: expect.stringMatching(/until 2026-11-30 09:00 UTC \(in 5 days\), .*or with --now$/),
  });
  expect({ reported, checks: checks() }).toEqual({ reported: [], checks: 1 });
  await rotateKey({ ...deps, policy }, before.name, waitFor(20, true));
  expect(reported[0]).toBe(`${before.name} may be replaced now`);
});

test('fails as soon as the new key is withdrawn, not at the end of the wait', async () => {
  const { deps, checks } = watching([before, pending, pending, before]);
  await expect(rotateKey(deps, before.name, waitFor(20))).rejects.toMatchObject({
    code: 'rotation_not_finished',
    exitCode: 1,
    message: expect.stringContaining(
      'see the alert rotation-failed; the previous key is still current',
    ),
  });
  expect(checks()).toBe(4);
});

test('fails at the end of the wait, and says that the new key is still pending, and how to release it', async () => {
  const { deps } = watching([before, pending]);
  await expect(rotateKey(deps, before.name, waitFor(2))).rejects.toMatchObject({
    message: expect.stringContaining(
      'version new is still pending, and Secrets Manager keeps trying',
    ),
    details: {
      problems: [expect.stringMatching(/--remove-from-version-id new && aws .* rotate-secret/)],
    },
  });
});

test('a first key that is current before it is verified is waited for', async () => {
  const empty = aSecret({});
  const unverified = aSecret({ new: ['AWSCURRENT', 'AWSPENDING'] });
  const { deps, checks } = watching([
    empty,
    unverified,
    unverified,
    aSecret({ new: ['AWSCURRENT'] }),
  ]);
  expect(await rotateKey(deps, before.name, waitFor(20))).toEqual({
    oldVersionId: undefined,
    newVersionId: 'new',
  });
  expect(checks()).toBe(4);
});

test('a leaked key is revoked with all earlier keys of its secret, and no key of another one', async () => {
  const elsewhere = waiting('other', { secretId: 'arn:of-another' });
  const { deps } = watching([after], [waiting('older'), waiting('new'), elsewhere]);
  const rotated = { oldVersionId: 'old', newVersionId: 'new' };
  expect(await revokeReplaced(deps, after.name, rotated)).toEqual([
    { keyId: 'key before older', end: 'revoked' },
    { keyId: 'key before new', end: 'revoked' },
  ]);
});

test('a leaked key whose retirement flow is not found does not count as revoked', async () => {
  const { deps } = watching([after], [waiting('older')]);
  const rotated = { oldVersionId: 'old', newVersionId: 'new' };
  expect(await revokeReplaced(deps, after.name, rotated)).toEqual([
    { keyId: 'key before older', end: 'revoked' },
    { keyId: undefined, end: 'not found' },
  ]);
});
