import { describe, expect, test } from 'vitest';
import { createAcceptances } from '../../../governance/audit/acceptances.js';
import { createAudit } from '../../../governance/audit/audit.js';
import type { Coverage } from '../../../governance/audit/coverage.js';
import type { Finding } from '../../../governance/audit/finding.js';
import { plannedKeys } from '../../../governance/policy/planned-keys.js';
import type { Acceptance } from '../../../governance/policy/policy.js';
import {
  aFinding,
  aListedKey,
  aManagedSecret,
  DEV,
  dayAgo,
  NOW,
} from '../../support/audit-builders.js';
import { aPolicy } from '../../support/builders.js';
import { FULL_COVERAGE } from '../../support/evidence.js';

function anAcceptance(change: Partial<Acceptance> = {}): Acceptance {
  return {
    type: 'stale',
    subject: 'notebook',
    reason: 'kept for the trial',
    until: dayAgo(0),
    ...change,
  };
}

/** Whether an entry accepts a finding of a key. */
function accepts(entry: Partial<Acceptance>, finding: Partial<Finding> = {}): boolean {
  const acceptances = createAcceptances([anAcceptance(entry)], NOW);
  return acceptances.withoutAccepted([aFinding(finding)]).length === 0;
}

describe('a finding is accepted', () => {
  test.each<[string, string | string[], string, boolean]>([
    ['by its subject', 'notebook', 'notebook', true],
    ['not by a part of it', 'note', 'notebook', false],
    ['not in another case', 'Notebook', 'notebook', false],
    ['by the id of its key', 'k1', 'anything', true],
    ['by one of several subjects', ['a', 'notebook'], 'notebook', true],
    ['by a beginning', 'note*', 'notebook', true],
    ['by an end', '*book', 'notebook', true],
    ['by parts in their order', 'n*t*b*k', 'notebook', true],
    ['not by parts in another order', '*book*note*', 'notebook', false],
    ['not where two parts need the same characters', 'noteb*ebook', 'notebook', false],
    ['by any characters, also none', 'notebook*', 'notebook', true],
    ['by a pattern in which other marks mean themselves', 'a.b(c)[d]?*', 'a.b(c)[d]?e', true],
    ['not by a dot for any character', 'n.tebook', 'notebook', false],
  ])('%s', (_name, subject, named, expected) => {
    expect(accepts({ subject }, { subject: named })).toBe(expected);
  });

  test.each<[string, Partial<Acceptance>, Partial<Finding>, boolean]>([
    ['on the last day', { until: dayAgo(0) }, {}, true],
    ['not on the day after', { until: dayAgo(1) }, {}, false],
    ['not of another type', { type: 'over-age' }, {}, false],
    ['not where a service is failing', {}, { severity: 'critical' }, false],
  ])('%s', (_name, entry, finding, expected) => {
    expect(accepts(entry, finding)).toBe(expected);
  });

  test('in time that a long name of many parts does not multiply', () => {
    const subject = `${'a*'.repeat(100)}b`;
    expect(accepts({ subject }, { subject: 'a'.repeat(100_000) })).toBe(false);
  });
});

test('the entry that names the subject gives the reason, and patterns have matched too', () => {
  const acceptances = createAcceptances(
    [anAcceptance({ subject: 'note*', reason: 'pattern' }), anAcceptance({ reason: 'name' })],
    NOW,
  );
  acceptances.withoutAccepted([aFinding()]);
  expect(acceptances.accepted).toEqual([{ ...aFinding(), reason: 'name', until: dayAgo(0) }]);
  expect(acceptances.unused(FULL_COVERAGE)).toEqual([]);
});

describe('an entry', () => {
  const unusedOf = (entry: Partial<Acceptance>, coverage: Coverage = FULL_COVERAGE) =>
    createAcceptances([anAcceptance(entry)], NOW).unused(coverage);
  const summaries = (findings: readonly Finding[]) => findings.map(({ summary }) => summary);

  test('that matches nothing is a finding of its own', () => {
    expect(unusedOf({ subject: 'legacy-*' })).toEqual([
      {
        id: 'policy-drift#accepted#accepted stale: legacy-*',
        type: 'policy-drift',
        severity: 'info',
        subject: 'accepted stale: legacy-*',
        workspace: 'organization',
        summary: 'audit.accepted[0] matches no finding: none of type stale is about "legacy-*".',
        evidence: {
          entry: 'audit.accepted[0]',
          accepts: 'stale',
          until: dayAgo(0),
          reason: 'kept for the trial',
        },
        since: dayAgo(0),
        nextStep:
          'Take what matches nothing out of audit.accepted[0] in governance.yaml, or correct it, then deploy',
        nextCommand: 'npx cdk deploy --all',
      },
    ]);
  });

  test('names those of its subjects that match nothing', () => {
    const acceptances = createAcceptances(
      [anAcceptance({ subject: ['notebook', 'a', 'b', 'c', 'd', 'e'] })],
      NOW,
    );
    acceptances.withoutAccepted([aFinding()]);
    expect(summaries(acceptances.unused(FULL_COVERAGE))).toEqual([
      '5 subjects of 6 in audit.accepted[0] match no finding of type stale: "a", "b", "c" and 2 more.',
    ]);
  });

  test('that has ended is a finding since the day after', () => {
    expect(unusedOf({ until: dayAgo(3) })).toMatchObject([
      {
        summary: `audit.accepted[0] ended on ${dayAgo(3)}: what it accepted is reported again.`,
        since: dayAgo(2),
      },
    ]);
  });

  test.each<[string, Partial<Acceptance>, Coverage, number]>([
    ['keys were not all listed', {}, { ...FULL_COVERAGE, allKeys: false }, 0],
    ['other types were not checked', {}, { ...FULL_COVERAGE, models: false }, 1],
    [
      'its own type was not checked',
      { type: 'model-drift' },
      { ...FULL_COVERAGE, models: false },
      0,
    ],
    [
      'its secret could not be read',
      { subject: 'mistral/*' },
      { ...FULL_COVERAGE, unclearSecrets: new Set([DEV]) },
      0,
    ],
    [
      'another secret could not be read',
      {},
      { ...FULL_COVERAGE, unclearSecrets: new Set([DEV]) },
      1,
    ],
  ])('is judged only by what was checked: %s', (_name, entry, coverage, count) => {
    expect(unusedOf(entry, coverage)).toHaveLength(count);
  });
});

describe('of many keys', () => {
  const keys = Array.from({ length: 300 }, (_, i) =>
    aListedKey({ id: `k${i}`, name: `legacy-${i}`, expiresOn: undefined }),
  );
  const policy = aPolicy();

  function auditOf(entries: readonly Acceptance[]) {
    const acceptances = createAcceptances(entries, NOW);
    const facts = {
      planned: plannedKeys(policy),
      secrets: new Map([[DEV, aManagedSecret(DEV)]]),
      retiring: { has: () => false },
      workspaces: new Map(policy.workspaces.map((workspace) => [workspace.id, workspace])),
    };
    const audit = createAudit(facts, policy.audit, NOW, acceptances);
    for (const key of keys) audit.check(key);
    const found = audit.findings({ complete: true, changing: new Set() });
    return {
      acceptances,
      found: found
        .filter(({ type }) => type !== 'missing')
        .map(({ type, subject }) => `${type} ${subject}`),
    };
  }

  test('those that are accepted are not counted with the rest', () => {
    const { found, acceptances } = auditOf([anAcceptance({ type: 'unmanaged', subject: 'k1*' })]);
    expect(found).toEqual(['unmanaged 189 keys', 'no-expiry 300 keys']);
    expect(acceptances.accepted).toHaveLength(111);
    expect(acceptances.accepted[0]).toMatchObject({ type: 'unmanaged', subject: 'legacy-1' });
  });

  test('few that are left are findings by name', () => {
    const subject = keys.slice(2).map(({ id }) => id);
    const { found } = auditOf([
      anAcceptance({ type: 'unmanaged', subject }),
      anAcceptance({ type: 'no-expiry', subject: '*' }),
    ]);
    expect(found).toEqual(['unmanaged legacy-0', 'unmanaged legacy-1']);
  });

  test('more than a report lists are counted', () => {
    const acceptances = createAcceptances([anAcceptance({ subject: '*' })], NOW);
    const findings = Array.from({ length: 1200 }, (_, i) => aFinding({ id: `stale#x#${i}` }));
    expect(acceptances.withoutAccepted(findings)).toEqual([]);
    expect([acceptances.accepted.length, acceptances.leftOut()]).toEqual([1000, 200]);
    acceptances.withoutAccepted([aFinding({ id: 'stale#y#1' })]);
    expect(acceptances.covers(aFinding({ id: 'stale#y#many', subject: '51 keys' }))).toBe(true);
  });
});
