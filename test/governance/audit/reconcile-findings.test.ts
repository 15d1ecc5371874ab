import { expect, test } from 'vitest';
import type { Finding } from '../../../governance/audit/finding.js';
import {
  type OpenFinding,
  reconcileFindings,
} from '../../../governance/audit/reconcile-findings.js';
import { aFinding, dayAgo, daysAgo, NOW } from '../../support/audit-builders.js';

const known = (lastToldOn: string, finding = aFinding()): OpenFinding => ({
  finding,
  openedOn: dayAgo(20),
  lastToldOn,
});

function reconcile(before: OpenFinding[], current: Finding[], undecided = false, now = NOW) {
  return reconcileFindings({
    before,
    current,
    isUndecided: () => undecided,
    remindEveryDays: 7,
    now,
  });
}

const nothing = { open: [], remind: [], resolve: [], unchanged: [] };

test('a finding not known before opens', () => {
  const opened = { finding: aFinding(), openedOn: '2026-06-30', lastToldOn: '2026-06-30' };
  expect(reconcile([], [aFinding(), aFinding()])).toEqual({ ...nothing, open: [opened] });
});

test('a finding that still holds is not told again before its time', () => {
  const before = known(dayAgo(6));
  expect(reconcile([before], [aFinding()])).toEqual({ ...nothing, unchanged: [before] });
});

test('a finding that still holds reminds, with what is known now', () => {
  const now = aFinding({ evidence: { lastUsed: 'never' }, since: dayAgo(0) });
  expect(reconcile([known(dayAgo(7))], [now])).toEqual({
    ...nothing,
    remind: [
      { finding: { ...now, since: '2026-06-01' }, openedOn: dayAgo(20), lastToldOn: '2026-06-30' },
    ],
  });
});

test('a finding that got worse is told at once, and one that got better is not', () => {
  const warning = aFinding({ severity: 'warning' });
  const critical = aFinding({ severity: 'critical' });
  const told = { finding: critical, openedOn: dayAgo(20), lastToldOn: '2026-06-30' };
  expect(reconcile([known(dayAgo(1), warning)], [critical])).toEqual({
    ...nothing,
    remind: [told],
  });
  const before = known(dayAgo(1), critical);
  expect(reconcile([before], [warning])).toEqual({ ...nothing, unchanged: [before] });
});

test('a finding that no longer holds resolves', () => {
  const before = known(dayAgo(1));
  expect(reconcile([before], [])).toEqual({ ...nothing, resolve: [before] });
});

test('a finding that could not be looked for neither resolves nor reminds', () => {
  const before = known(dayAgo(30));
  expect(reconcile([before], [], true)).toEqual({ ...nothing, unchanged: [before] });
});

test('over 30 nights a finding opens once, reminds each week, resolves once and opens anew', () => {
  const told: string[] = [];
  let open: readonly OpenFinding[] = [];
  for (let night = 1; night <= 30; night += 1) {
    const holds = night !== 17;
    const changes = reconcile([...open], holds ? [aFinding()] : [], false, daysAgo(-night));
    for (const kind of ['open', 'remind', 'resolve'] as const) {
      if (changes[kind].length > 0) told.push(`${night} ${kind}`);
    }
    open = [...changes.open, ...changes.remind, ...changes.unchanged];
  }
  expect(told).toEqual(['1 open', '8 remind', '15 remind', '17 resolve', '18 open', '25 remind']);
});
