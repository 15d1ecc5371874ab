import { expect, test } from 'vitest';
import type { AuditGauges } from '../../../governance/audit/audit-gauges.js';
import { createAuditMetrics } from '../../../governance/audit/audit-metrics.js';
import { FINDING_TYPES } from '../../../governance/audit/finding.js';
import { aFinding } from '../../support/audit-builders.js';
import { metricLines } from '../../support/metric-lines.js';

function recorded(change: Partial<AuditGauges> = {}) {
  const gauges: AuditGauges = {
    keysListed: 12,
    keysManaged: 7,
    keyDays: new Map([
      ['dev-workspace', 20],
      ['prod-workspace', 88.5],
    ]),
    retirementDays: [2, 3.5],
    findings: [],
    ...change,
  };
  const lines = metricLines((written) => createAuditMetrics(written).record(gauges));
  return new Map(lines.map(({ under, metrics }) => [under, metrics]));
}

test('the organization has the sums and the oldest', () => {
  expect(recorded().get('workspace=organization')).toEqual({
    KeysListed: 12,
    KeysManaged: 7,
    OldestKeyDays: 88.5,
    RetirementsRunning: 2,
    OldestRetirementDays: 3.5,
  });
});

test('each workspace has the age of its oldest key', () => {
  expect(recorded().get('workspace=dev-workspace')).toEqual({ OldestKeyDays: 20 });
});

test('nothing in retirement is a zero, and what is not known no value', () => {
  expect(recorded({ retirementDays: [] }).get('workspace=organization')).toMatchObject({
    RetirementsRunning: 0,
    OldestRetirementDays: 0,
  });
  expect(
    recorded({ keysListed: undefined, retirementDays: undefined, keyDays: new Map() }).get(
      'workspace=organization',
    ),
  ).toEqual({ KeysManaged: 7 });
});

test('findings are counted by type and by severity, and types without one are a zero', () => {
  const lines = recorded({
    findings: [
      aFinding({ id: 'a', type: 'rotation-overdue', severity: 'warning' }),
      aFinding({ id: 'b', type: 'rotation-overdue', severity: 'warning' }),
      aFinding({ id: 'c', type: 'missing', severity: 'critical' }),
    ],
  });
  const open = Object.fromEntries(
    [...lines].flatMap(([under, { FindingsOpen }]) =>
      FindingsOpen === undefined ? [] : [[under, FindingsOpen]],
    ),
  );
  expect(open).toEqual({
    ...Object.fromEntries(FINDING_TYPES.map((type) => [`type=${type}`, 0])),
    'type=rotation-overdue': 2,
    'type=missing': 1,
    'severity=critical': 1,
    'severity=warning': 2,
    'severity=info': 0,
  });
});
