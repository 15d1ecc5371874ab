import { describe, expect, test } from 'vitest';
import { createAcceptances } from '../../../governance/audit/acceptances.js';
import { auditAlerts } from '../../../governance/audit/audit-digest.js';
import type { Finding } from '../../../governance/audit/finding.js';
import {
  type OpenFinding,
  openAfter,
  reconcileFindings,
} from '../../../governance/audit/reconcile-findings.js';
import { NO_UNMANAGED_KEYS } from '../../../governance/audit/unmanaged-keys.js';
import type { Acceptance } from '../../../governance/policy/policy.js';
import {
  aFinding,
  anOpenFinding,
  dayAgo,
  daysAgo,
  NO_CHANGES,
  NOW,
} from '../../support/audit-builders.js';
import { FULL_COVERAGE } from '../../support/evidence.js';

const TODAY = '2026-06-30';

function reconcile(
  before: readonly OpenFinding[],
  current: readonly Finding[],
  coverage = FULL_COVERAGE,
  now = NOW,
  accepted: readonly Acceptance[] = [],
) {
  const acceptances = createAcceptances(accepted, now);
  return reconcileFindings({ before, current, coverage, acceptances, remindEveryDays: 7, now });
}

test('a finding not known before opens, once', () => {
  const opened = { finding: aFinding(), openedOn: TODAY, lastNotifiedOn: TODAY };
  expect(reconcile([], [aFinding(), aFinding()])).toEqual({ ...NO_CHANGES, opened: [opened] });
});

test('a finding that still holds has the facts of today, and the day that it was first seen', () => {
  const before = anOpenFinding({}, dayAgo(6));
  const now = aFinding({ evidence: { lastUsed: 'never' }, since: dayAgo(0) });
  expect(reconcile([before], [now])).toEqual({
    ...NO_CHANGES,
    stillOpen: [{ ...before, finding: { ...now, since: '2026-06-01' } }],
  });
});

test.each([
  ['once', 0, 6, 'warning', false],
  ['once', 0, 7, 'warning', true],
  ['again after a week', 7, 13, 'warning', false],
  ['again after a week', 7, 14, 'warning', true],
  ['for months', 90, 27, 'warning', false],
  ['for months', 90, 28, 'warning', true],
  ['for months', 90, 6, 'critical', false],
  ['for months', 90, 7, 'critical', true],
] as const)(
  'on-call was notified %s (%i days after it opened), %i days ago, of a %s: due is %s',
  (_often, age, days, severity, isReminderDue) => {
    const old = { ...anOpenFinding({ severity }, dayAgo(days)), openedOn: dayAgo(days + age) };
    const before = [{ ...anOpenFinding({ id: 'stale#x#1' }), openedOn: dayAgo(1) }, old];
    const current = before.map(({ finding }) => finding);
    expect(reconcile(before, current)).toMatchObject({ isReminderDue });
  },
);

test('a finding that got more severe is raised, and one that got less severe is not', () => {
  const warning = anOpenFinding({ severity: 'warning' });
  const critical = anOpenFinding({ severity: 'critical' });
  expect(reconcile([warning], [critical.finding])).toEqual({
    ...NO_CHANGES,
    raised: [{ ...critical, lastNotifiedOn: TODAY }],
  });
  expect(reconcile([critical], [warning.finding])).toEqual({ ...NO_CHANGES, stillOpen: [warning] });
});

test('a finding that no longer holds resolves', () => {
  const before = anOpenFinding();
  expect(reconcile([before], [])).toEqual({ ...NO_CHANGES, resolved: [before] });
});

test('a finding that could not be checked neither resolves nor makes a reminder due', () => {
  const before = anOpenFinding({}, dayAgo(30));
  const incomplete = { ...FULL_COVERAGE, allKeys: false };
  expect(reconcile([before], [], incomplete)).toEqual({ ...NO_CHANGES, stillOpen: [before] });
});

describe('what is accepted', () => {
  const accepted = (until: string): Acceptance[] => [
    { type: 'stale', subject: 'notebook', reason: 'kept for the trial', until },
  ];

  test('leaves the open findings without a word', () => {
    const before = anOpenFinding();
    expect(reconcile([before], [], FULL_COVERAGE, NOW, accepted(TODAY))).toEqual({
      ...NO_CHANGES,
      dropped: [before],
    });
  });

  test('comes back as new', () => {
    expect(
      reconcile([], [aFinding()], FULL_COVERAGE, NOW, accepted(dayAgo(1))).opened,
    ).toMatchObject([{ finding: aFinding(), openedOn: TODAY }]);
  });

  test('does not hide that something critical has ended', () => {
    const before = anOpenFinding({ severity: 'critical' });
    expect(reconcile([before], [], FULL_COVERAGE, NOW, accepted(TODAY)).resolved).toEqual([before]);
  });
});

describe('findings that are counted as one of many', () => {
  const many = anOpenFinding({ id: 'stale#x#many', subject: '51 keys', evidence: { count: '51' } });
  const one = anOpenFinding({ id: 'stale#x#1' }, dayAgo(3));
  const since = dayAgo(20);

  test('are not resolved when others join them', () => {
    expect(reconcile([one], [many.finding])).toMatchObject({
      opened: [{ finding: many.finding }],
      dropped: [one],
      resolved: [],
    });
  });

  test('are not new when few of them are left', () => {
    const left = { ...one.finding, since };
    const split = { ...many, finding: left };
    expect(reconcile([many], [left])).toEqual({
      ...NO_CHANGES,
      stillOpen: [split],
      split: [split],
      dropped: [many],
    });
  });

  test('are new if they began after on-call was notified of the many', () => {
    const { opened } = reconcile([many], [{ ...one.finding, since: TODAY }]);
    expect(opened).toHaveLength(1);
  });

  test('never contain a critical one', () => {
    const critical = {
      ...one,
      finding: aFinding({ id: 'stale#x#2', severity: 'critical', since }),
    };
    expect(reconcile([many], [many.finding, critical.finding]).opened).toHaveLength(1);
    expect(reconcile([many, critical], [many.finding]).resolved).toEqual([critical]);
  });
});

test('over 40 days news is sent at once, and reminders together, after waits that grow', () => {
  const first = aFinding({ id: 'unmanaged#x#1', type: 'unmanaged' });
  const second = aFinding({ id: 'unmanaged#x#2', type: 'unmanaged', evidence: { keyId: 'k2' } });
  const info = aFinding({ id: 'never-used#x#2', type: 'never-used', severity: 'info' });
  const holding = (day: number) => [
    ...(day === 30 ? [] : [first]),
    ...(day >= 3 ? [second] : []),
    ...(day >= 14 ? [info] : []),
  ];
  const sent: string[] = [];
  let open: readonly OpenFinding[] = [];
  for (let day = 1; day <= 40; day += 1) {
    const at = daysAgo(-day);
    const changes = reconcile(open, holding(day), FULL_COVERAGE, at);
    const { alerts, notified } = auditAlerts({
      changes,
      unmanaged: NO_UNMANAGED_KEYS,
      at,
      report: 's3://report',
      problems: [],
    });
    for (const { title } of alerts) sent.push(`${day} ${title}`);
    const stored = new Map(notified.map((one) => [one.finding.id, one]));
    open = openAfter(changes).map((one) => stored.get(one.finding.id) ?? one);
  }
  const reminder = 'Reminder: 2 unmanaged Mistral keys in dev-workspace';
  expect(sent).toEqual([
    '1 1 new unmanaged Mistral key in dev-workspace; 1 finding open',
    '3 1 new unmanaged Mistral key in dev-workspace; 2 findings open',
    `10 ${reminder}; 2 findings open`,
    '14 1 new never-used key in dev-workspace; 3 findings open',
    `21 ${reminder}; 3 findings open`,
    '30 1 finding resolved on notebook; 2 findings open',
    '31 1 new unmanaged Mistral key in dev-workspace; 3 findings open',
    `38 ${reminder}; 3 findings open`,
  ]);
});
