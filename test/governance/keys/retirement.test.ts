import { describe, expect, test } from 'vitest';
import {
  firstCheckAt,
  judgeRetirement,
  type RetirementFacts,
  type RetirementRules,
} from '../../../governance/keys/retirement.js';

const rules: RetirementRules = { quietDays: 1, maxDrainDays: 7, onDrainTimeout: 'hold' };
const promotedAt = new Date('2026-03-01T10:00:00Z');
const works = { kind: 'works' } as const;
const bad = { kind: 'bad', reason: 'gone' } as const;
const rejectedSince = '2026-03-03T00:50:00.000Z';

function facts(overrides: Partial<RetirementFacts>): RetirementFacts {
  return {
    now: new Date('2026-03-03T01:00:00Z'),
    promotedAt,
    current: 'new',
    oldKey: { lastUsedOn: '2026-03-01' },
    newKey: works,
    rejectedSince: undefined,
    oldKeyAccepted: undefined,
    ...overrides,
  };
}

describe('while the new key works', () => {
  test.each([
    [
      'a key last used on the day of its replacement, after one full quiet day',
      {},
      { kind: 'revoke', lastUsedOn: '2026-03-01' },
    ],
    [
      'a key that was never used',
      { oldKey: { lastUsedOn: undefined } },
      { kind: 'revoke', lastUsedOn: null },
    ],
    [
      'a quiet day that is not over',
      { now: new Date('2026-03-02T23:59:59Z') },
      {
        kind: 'wait',
        checkAt: '2026-03-03T01:00:00.000Z',
        reason: 'the old key was last used on 2026-03-01',
      },
    ],
    [
      'a key used the day after its replacement',
      { oldKey: { lastUsedOn: '2026-03-02' } },
      { kind: 'key-in-use', checkAt: '2026-03-04T01:00:00.000Z', lastUsedOn: '2026-03-02' },
    ],
    [
      'a key that fell quiet after having been in use',
      { oldKey: { lastUsedOn: '2026-03-02' }, now: new Date('2026-03-04T01:00:00Z') },
      { kind: 'revoke', lastUsedOn: '2026-03-02' },
    ],
    [
      'a key in use a second before its drain ends',
      { oldKey: { lastUsedOn: '2026-03-08' }, now: new Date('2026-03-08T09:59:59Z') },
      { kind: 'key-in-use', checkAt: '2026-03-09T01:00:00.000Z', lastUsedOn: '2026-03-08' },
    ],
    [
      'a key in use when its drain has ended',
      { oldKey: { lastUsedOn: '2026-03-08' }, now: new Date('2026-03-08T10:00:00Z') },
      { kind: 'approval-needed', checkAt: '2026-03-09T01:00:00.000Z', lastUsedOn: '2026-03-08' },
    ],
    [
      'a key that fell quiet while waiting for approval',
      { oldKey: { lastUsedOn: '2026-03-10' }, now: new Date('2026-03-12T01:00:00Z') },
      { kind: 'revoke', lastUsedOn: '2026-03-10' },
    ],
    ['a key already gone', { oldKey: undefined }, { kind: 'already-revoked' }],
  ] as const)('%s', (_name, given, verdict) => {
    expect(judgeRetirement(facts(given), rules)).toEqual(verdict);
  });

  test('a key in use when its drain has ended is revoked where the policy says so', () => {
    const given = facts({
      oldKey: { lastUsedOn: '2026-03-08' },
      now: new Date('2026-03-08T10:00:00Z'),
    });
    expect(judgeRetirement(given, { ...rules, onDrainTimeout: 'revoke' })).toEqual({
      kind: 'revoke',
      lastUsedOn: '2026-03-08',
    });
  });

  test('a leaked key is revoked at once, with no days to wait for', () => {
    const atOnce: RetirementRules = { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' };
    expect(judgeRetirement(facts({ now: promotedAt }), atOnce).kind).toBe('revoke');
  });
});

describe('while the new key is in doubt', () => {
  test.each([
    [
      'a key found bad for the first time is checked again in ten minutes',
      { newKey: bad },
      {
        kind: 'wait',
        checkAt: '2026-03-03T01:10:00.000Z',
        reason: 'gone',
        rejectedSince: '2026-03-03T01:00:00.000Z',
      },
    ],
    [
      'a bad key is rolled back if the old one is accepted',
      { newKey: bad, rejectedSince, oldKeyAccepted: true },
      { kind: 'roll-back', reason: 'gone', rejectedSince },
    ],
    [
      'nothing moves when both keys are rejected',
      { newKey: bad, rejectedSince, oldKeyAccepted: false },
      {
        kind: 'both-keys-rejected',
        checkAt: '2026-03-04T01:00:00.000Z',
        reason: 'gone',
        rejectedSince,
      },
    ],
    [
      'nothing moves when the new key is bad and the old one gone',
      { newKey: bad, rejectedSince, oldKey: undefined },
      {
        kind: 'both-keys-rejected',
        checkAt: '2026-03-04T01:00:00.000Z',
        reason: 'gone',
        rejectedSince,
      },
    ],
    [
      'a young key is checked again in an hour',
      { newKey: { kind: 'undecided', young: true, reason: 'young' } },
      { kind: 'wait', checkAt: '2026-03-03T02:00:00.000Z', reason: 'young' },
    ],
    [
      'a reached spend limit is checked again the next day',
      { newKey: { kind: 'undecided', young: false, reason: 'limit' } },
      { kind: 'wait', checkAt: '2026-03-04T01:00:00.000Z', reason: 'limit' },
    ],
  ] as const)('%s', (_name, given, verdict) => {
    expect(judgeRetirement(facts(given), rules)).toEqual(verdict);
  });
});

test('a key found bad only once does not delay the revocation of the old one', () => {
  expect(judgeRetirement(facts({ rejectedSince }), rules).kind).toBe('revoke');
});

test('a flow overtaken by a later rotation still retires its own old key', () => {
  expect(judgeRetirement(facts({ current: 'later', newKey: undefined }), rules).kind).toBe(
    'revoke',
  );
});

test('a key that left the policy is judged by the same rules, with no current key', () => {
  const removed = { current: 'none', newKey: undefined } as const;
  expect(judgeRetirement(facts(removed), rules).kind).toBe('revoke');
  const inUse = facts({ ...removed, oldKey: { lastUsedOn: '2026-03-02' } });
  expect(judgeRetirement(inUse, rules).kind).toBe('key-in-use');
  const past = {
    ...inUse,
    now: new Date('2026-03-08T10:00:00Z'),
    oldKey: { lastUsedOn: '2026-03-08' },
  };
  expect(judgeRetirement(past, rules).kind).toBe('approval-needed');
});

test('an old key that is current again is never revoked', () => {
  const given = facts({ current: 'old', newKey: undefined, oldKey: { lastUsedOn: undefined } });
  const atOnce: RetirementRules = { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' };
  expect(judgeRetirement(given, atOnce)).toEqual({ kind: 'kept' });
});

test.each([
  ['a rotation in the morning', '2026-03-01T10:00:00Z', 3600, 1, '2026-03-03T01:00:00.000Z'],
  [
    'readers that cache into the next day',
    '2026-03-01T23:30:00Z',
    3600,
    1,
    '2026-03-04T01:00:00.000Z',
  ],
  [
    'three quiet days over the end of a month',
    '2026-02-26T10:00:00Z',
    0,
    3,
    '2026-03-02T01:00:00.000Z',
  ],
])('first checks the old key after %s', (_name, at, readerCacheSeconds, quietDays, checkAt) => {
  expect(firstCheckAt(new Date(at), { readerCacheSeconds, quietDays })).toBe(checkAt);
});
