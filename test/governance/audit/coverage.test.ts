import { describe, expect, test } from 'vitest';
import { undecidedBy, withoutGrouped } from '../../../governance/audit/coverage.js';
import { FINDING_TYPES } from '../../../governance/policy/finding-types.js';
import { aFinding, DEV, DEV_ID } from '../../support/audit-builders.js';
import { FULL_COVERAGE } from '../../support/evidence.js';

const findings = [
  ...FINDING_TYPES.map((type) => aFinding({ type, id: `${type}#${DEV_ID}#k1` })),
  aFinding({ type: 'policy-drift', id: 'policy-drift#workspace#dev-workspace' }),
  aFinding({ type: 'policy-drift', id: 'policy-drift#rate#dev-workspace' }),
  aFinding({ type: 'policy-drift', id: 'policy-drift#spend#organization' }),
];

test.each<[string, Partial<typeof FULL_COVERAGE>, string[]]>([
  ['nothing', {}, []],
  [
    'the list of keys',
    { allKeys: false },
    [
      'stale',
      'never-used',
      'over-age',
      'expiring',
      'expired',
      'no-expiry',
      'unmanaged',
      'orphaned',
      'missing',
      'wrong-workspace',
    ].map((type) => `${type}#${DEV_ID}#k1`),
  ],
  ['the retirements', { retirements: false }, [`orphaned#${DEV_ID}#k1`]],
  ['one secret', { unclearSecrets: new Set(['other']) }, [`orphaned#${DEV_ID}#k1`]],
  ['the workspaces', { workspaces: false }, ['policy-drift#workspace#dev-workspace']],
  ['the rate limit', { rateLimit: false }, ['policy-drift#rate#dev-workspace']],
  ['the spend limit', { spendLimit: false }, ['policy-drift#spend#organization']],
  ['the models', { models: false }, [`model-drift#${DEV_ID}#k1`, `unknown-price#${DEV_ID}#k1`]],
  ['the prices', { prices: false }, [`price-drift#${DEV_ID}#k1`, `unknown-price#${DEV_ID}#k1`]],
])('an audit that missed %s leaves open what depends on it', (_name, missed, ids) => {
  const isUndecided = undecidedBy({ ...FULL_COVERAGE, ...missed });
  expect(findings.filter(isUndecided).map(({ id }) => id)).toEqual(ids);
});

test('an audit that could not read a secret keeps its findings open', () => {
  const isUndecided = undecidedBy({ ...FULL_COVERAGE, unclearSecrets: new Set([DEV]) });
  expect(isUndecided(aFinding({ type: 'rotation-failed', subject: DEV }))).toBe(true);
});

describe('keys of a listing that broke off', () => {
  const single = aFinding({ id: `unmanaged#${DEV_ID}#k1`, type: 'unmanaged' });
  const group = aFinding({ id: `unmanaged#${DEV_ID}#many`, type: 'unmanaged' });

  test('are reported', () => {
    expect(withoutGrouped([single, group], [])).toEqual([single, group]);
  });

  test('are not reported by name while a group of them is open', () => {
    expect(withoutGrouped([single], [group])).toEqual([]);
    expect(withoutGrouped([group], [group])).toEqual([group]);
  });
});
