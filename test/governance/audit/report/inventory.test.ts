import { describe, expect, test } from 'vitest';
import type { ListedKey } from '../../../../governance/mistral/mistral.js';
import {
  aListedKey,
  aManagedSecret,
  aRotatedKey,
  CURRENT,
  DEV,
  dayAgo,
  daysAgo,
  PENDING,
  PREVIOUS,
} from '../../../support/audit-builders.js';
import { inventoryOf } from '../../../support/evidence.js';

const secretWith = (stagesByVersion: Record<string, string[]>) => ({
  secrets: new Map([[DEV, aManagedSecret(DEV, { stagesByVersion })]]),
});
const rotated = secretWith({ [CURRENT]: ['AWSCURRENT'], [PREVIOUS]: ['AWSPREVIOUS'] });
const rotating = secretWith({ [CURRENT]: ['AWSCURRENT'], [PENDING]: ['AWSPENDING'] });

test('a current key has its owner, its days and its next rotation', () => {
  const { rows, managedKeys, otherKeys } = inventoryOf([aRotatedKey(CURRENT)]);
  expect(rows).toEqual([
    {
      key: 'dev-team-key-20260620-aaaaaaaa',
      keyId: 'of-aaaaaaaa',
      secret: DEV,
      workspace: 'dev-workspace',
      team: 'all developers',
      ownerUserId: '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10',
      owner: null,
      createdBy: null,
      state: 'current',
      createdOn: dayAgo(10),
      ageDays: 10,
      lastUsedOn: dayAgo(0),
      expiresOn: dayAgo(-60),
      nextRotationOn: dayAgo(-80),
      findings: [],
    },
  ]);
  expect({ managedKeys, otherKeys }).toEqual({ managedKeys: 1, otherKeys: 0 });
});

describe('the state of a key', () => {
  test.each<[string, ListedKey[], Parameters<typeof inventoryOf>[1], string]>([
    ['created in the console', [aListedKey()], {}, 'unmanaged'],
    ['that a rotation just created', [aRotatedKey(PENDING)], rotating, 'pending'],
    [
      'that is to be revoked',
      [aRotatedKey(PREVIOUS)],
      { ...rotated, retiring: { has: ({ id }) => id === 'of-cccccccc' } },
      'retiring',
    ],
    ['that nothing will revoke', [aRotatedKey(PREVIOUS)], rotated, 'replaced'],
    ['of a version without a label', [aRotatedKey(PREVIOUS)], {}, 'replaced'],
    [
      'that is not the only one of its rotation',
      [aRotatedKey(CURRENT), aRotatedKey(CURRENT, { id: 'k2' })],
      {},
      'duplicate',
    ],
  ])('%s', (_, keys, facts, state) => {
    const { rows } = inventoryOf(keys, facts);
    const ids = keys.map(({ id }) => id);
    const states = rows.filter(({ keyId }) => ids.includes(keyId ?? '')).map((row) => row.state);
    expect(states).toEqual(keys.map(() => state));
  });

  test('is open while its secret is being rotated', () => {
    const { rows } = inventoryOf([aRotatedKey(CURRENT)], {}, { changing: new Set([DEV]) });
    expect(rows.map(({ state }) => state)).toEqual(['in rotation']);
  });
});

test.each<[string, Parameters<typeof inventoryOf>[1], boolean, string]>([
  ['whose key Mistral does not list', {}, true, 'missing'],
  ['whose key was not among those that could be listed', {}, false, 'not listed'],
  ['that holds no key yet', secretWith({}), true, 'no key yet'],
  ['that could not be read', { secrets: new Map() }, true, 'secret not read'],
])('a secret %s has a row all the same', (_, facts, complete, state) => {
  const { rows } = inventoryOf([], facts, { complete });
  expect(rows).toMatchObject([
    { key: 'dev-team-key', keyId: null, secret: DEV, team: 'all developers', state },
  ]);
});

test('a key carries its findings, also those that count for many keys at once', () => {
  const keys = Array.from({ length: 60 }, (_, i) =>
    aListedKey({ id: `k${i}`, lastUsedOn: dayAgo(40), expiresOn: undefined }),
  );
  const { rows } = inventoryOf([aRotatedKey(CURRENT, { createdAt: daysAgo(100) }), ...keys]);
  expect(rows[0]?.findings).toEqual(['over-age']);
  expect(rows[60]?.findings).toEqual(['stale', 'no-expiry', 'unmanaged']);
});

test('a secret without its key carries the findings of the secret', () => {
  expect(inventoryOf([]).rows[0]?.findings).toEqual(['missing']);
});

test('a key of a workspace that no policy names has no known owner', () => {
  const foreign = aListedKey({ workspaceId: 'elsewhere', workspaceName: 'research' });
  const { rows } = inventoryOf([foreign]);
  expect(rows.at(-1)).toMatchObject({ workspace: 'research', team: null, ownerUserId: null });
});

test('of a hundred thousand unmanaged keys the oldest are listed, and all are counted', () => {
  function* keys(): Generator<ListedKey> {
    yield aRotatedKey(CURRENT);
    for (let i = 0; i < 100_000; i += 1) {
      yield aListedKey({ id: `k${i}`, createdAt: daysAgo((i * 7919) % 1000) });
    }
  }
  const { rows, leftOut, ages, otherKeys } = inventoryOf(keys());
  expect(rows).toHaveLength(1 + 1000);
  expect({ leftOut, otherKeys }).toEqual({ leftOut: 99_000, otherKeys: 100_000 });
  expect(Math.min(...rows.slice(1).map(({ ageDays }) => ageDays ?? 0))).toBe(990);
  expect(ages.reduce((sum, { managed, other }) => sum + managed + other, 0)).toBe(100_001);
});

test('a key whose age is not known is listed before any other is left out', () => {
  function* keys(): Generator<ListedKey> {
    for (let i = 0; i < 5000; i += 1) yield aListedKey({ id: `k${i}`, createdAt: daysAgo(100) });
    yield aListedKey({ id: 'ageless', createdAt: undefined });
  }
  const { rows, ages } = inventoryOf(keys());
  expect(rows.find(({ keyId }) => keyId === 'ageless')).toMatchObject({ ageDays: null });
  expect(ages.at(-1)).toEqual({ label: 'unknown', managed: 0, other: 1 });
});
