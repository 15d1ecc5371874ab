import { describe, expect, test } from 'vitest';
import type { Coverage } from '../../../../governance/audit/coverage.js';
import { groupOf } from '../../../../governance/audit/finding.js';
import type { Inventory } from '../../../../governance/audit/report/inventory.js';
import type { VerdictFacts } from '../../../../governance/audit/report/judge-rule.js';
import { verdictsOf } from '../../../../governance/audit/report/verdicts.js';
import {
  aFinding,
  aListedKey,
  aRotatedKey,
  CURRENT,
  DEV,
  daysAgo,
} from '../../../support/audit-builders.js';
import { FULL_COVERAGE, inventoryOf } from '../../../support/evidence.js';

const rules = { staleAfterDays: 30, maxAgeDays: 90, expiringWithinDays: 14 };
const inventory = inventoryOf([
  aRotatedKey(CURRENT),
  aListedKey({ id: 'k1' }),
  aListedKey({ id: 'k2', createdAt: daysAgo(200), lastUsedOn: undefined }),
]);

function verdicts(change: Partial<VerdictFacts> = {}): Readonly<Record<string, string>> {
  const facts = {
    coverage: FULL_COVERAGE,
    rules,
    inventory,
    secrets: 1,
    findings: [],
    accepted: [],
  };
  return Object.fromEntries(
    verdictsOf({ ...facts, ...change }).map(({ rule, outcome, text }) => [
      rule,
      `${outcome}: ${text}`,
    ]),
  );
}

const AGE = 'Keys are at most 90 days old';
const USE = 'Keys are in use';

test('every rule has its numbers, of managed keys and of others', () => {
  expect(verdicts()).toEqual({
    'Each secret holds a key that Mistral lists': 'met: 1 of 1 secret with such a key',
    [AGE]: 'met: 1 of 1 managed key and 1 of 2 other keys at most 90 days old',
    [USE]: 'met: 1 of 1 managed key and 1 of 2 other keys used or created in the last 30 days',
    'Keys expire, and are replaced before':
      'met: 1 of 1 managed key and 2 of 2 other keys with an expiry more than 14 days ahead',
    'Every key is managed': 'met: 1 of 3 keys at Mistral managed',
    'Each managed key is in its workspace': 'met: 1 of 1 managed key in its workspace',
    'Rotations are on schedule': 'met: 1 of 1 secret rotated in time',
    'Replaced keys are revoked':
      'met: 0 replaced keys wait for the end of use; 0 keys are orphaned',
    'Workspaces and limits at Mistral are those of the policy': 'met: 0 differences',
    'Models of the policy are served, and mean what they did': 'met: 0 changes',
    'Every model has a price': 'met: 0 models without one',
    'Prices are as Mistral bills them': 'met: 0 differences',
  });
});

test('a finding decides, many in one count as many, and an accepted one decides nothing', () => {
  const one = aFinding({ type: 'over-age', evidence: { count: '60' } });
  const many = { ...one, id: groupOf(one) };
  expect(verdicts({ findings: [many] })[AGE]).toMatch(/^not met: /);
  const accepted = [{ ...many, reason: 'old notebooks', until: '2026-12-31' }];
  expect(verdicts({ accepted })[AGE]).toBe(
    'met: 1 of 1 managed key and 1 of 2 other keys at most 90 days old; the policy accepts 60 exceptions',
  );
});

test('an expired key counts for no other rule: it is rejected', () => {
  const expired = aListedKey({ createdAt: daysAgo(400), expiresOn: '2026-06-01' });
  const of = verdicts({ inventory: inventoryOf([aRotatedKey(CURRENT), expired]) });
  expect(of[AGE]).toBe('met: 1 of 1 managed key and 0 of 0 other keys at most 90 days old');
  expect(of['Keys expire, and are replaced before']).toContain('0 of 1 other key with an expiry');
});

describe('what was not checked is no "met"', () => {
  test.each<[string, Partial<typeof FULL_COVERAGE>, string, RegExp]>([
    [
      'every key',
      { allKeys: false },
      AGE,
      /^not checked: .*Not checked: Mistral did not list every/,
    ],
    [
      'retirements',
      { retirements: false },
      'Replaced keys are revoked',
      /^not checked: .*retirements/,
    ],
    [
      'limits',
      { rateLimit: false, spendLimit: false },
      'Workspaces and limits at Mistral are those of the policy',
      /^not checked: .*: the rate limit, the spend limit$/,
    ],
    [
      'models',
      { models: false },
      'Every model has a price',
      /^not checked: .*no models were listed/,
    ],
    [
      'prices',
      { prices: false },
      'Prices are as Mistral bills them',
      /^not checked: .*usage report/,
    ],
    [
      'a secret',
      { unclearSecrets: new Set([DEV]) },
      'Rotations are on schedule',
      /^not checked: .*1 secret could not be read/,
    ],
  ])('%s', (_, change, rule, expected) => {
    expect(verdicts({ coverage: { ...FULL_COVERAGE, ...change } })[rule]).toMatch(expected);
  });

  test('but a finding that is there holds', () => {
    const coverage = { ...FULL_COVERAGE, allKeys: false };
    const of = verdicts({ coverage, findings: [aFinding({ type: 'over-age' })] });
    expect(of[AGE]).toMatch(/^not met: .*Not checked: Mistral did not list every key$/);
  });
});

test('without the Admin API nothing is claimed of what only the console shows', () => {
  const coverage: Coverage = { source: 'operator', models: true, unclearSecrets: new Set() };
  const held: Inventory = { ...inventory, managedKeys: 1, otherKeys: null };
  const of = verdicts({ coverage, inventory: held });
  expect(Object.entries(of).filter(([, text]) => text.startsWith('not checked'))).toEqual(
    [
      'No key is at Mistral but these',
      'Keys expire as stated when they were supplied',
      'Workspaces and limits at Mistral are those of the policy',
      'Prices are as Mistral bills them',
    ].map((rule) => [
      rule,
      'not checked: without the Admin API, only the Mistral console shows it',
    ]),
  );
  expect(of['Secrets are read']).toContain('uses of a key are not known');
});
