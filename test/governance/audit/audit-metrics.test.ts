import { describe, expect, test } from 'vitest';
import {
  type AuditGauges,
  auditGauges,
  type GaugeFacts,
  recordAudit,
} from '../../../governance/audit/audit-metrics.js';
import type { SecretState } from '../../../governance/keys/rotation.js';
import { FINDING_TYPES } from '../../../governance/policy/finding-types.js';
import { plannedKeys } from '../../../governance/policy/planned-keys.js';
import { aFinding, aManagedSecret, daysAgo, NOW } from '../../support/audit-builders.js';
import { aPolicy, aRetirement } from '../../support/builders.js';
import { metricLines } from '../../support/metric-lines.js';

describe('the gauges of an audit', () => {
  const planned = plannedKeys(aPolicy());

  function gauges(states: readonly Partial<SecretState>[], facts: Partial<GaugeFacts> = {}) {
    const secrets = planned.slice(0, states.length).map((key, index) => ({
      planned: key,
      state: aManagedSecret(key.secretName, states[index]),
      pendingSince: undefined,
    }));
    return auditGauges({ keysListed: 7, secrets, retirements: [], ...facts }, [], NOW);
  }

  test('the oldest key of a workspace counts', () => {
    const [first, second] = planned;
    expect(first?.workspace.name).toBe(second?.workspace.name);
    const { keyDays, keysManaged } = gauges([
      { lastRotatedAt: daysAgo(20) },
      { lastRotatedAt: daysAgo(80.5) },
    ]);
    expect([...keyDays]).toEqual([['dev-workspace', 80.5]]);
    expect(keysManaged).toBe(2);
  });

  test('a key that never rotated is as old as its secret', () => {
    const { keyDays } = gauges([{ lastRotatedAt: undefined, createdAt: daysAgo(12) }]);
    expect(keyDays.get('dev-workspace')).toBe(12);
  });

  test('a secret without a key has no age and is not counted', () => {
    const { keyDays, keysManaged } = gauges([{ stagesByVersion: { v1: ['AWSPENDING'] } }]);
    expect(keyDays.size).toBe(0);
    expect(keysManaged).toBe(0);
  });

  test('a retirement counts from the day that the new key took over', () => {
    const retirements = [2, 9.25].map((days) =>
      aRetirement({ promotedAt: daysAgo(days).toISOString() }),
    );
    expect(gauges([], { retirements }).retirementDays).toEqual([2, 9.25]);
  });

  test('what is not known stays unknown', () => {
    const { keysListed, retirementDays } = gauges([], {
      keysListed: undefined,
      retirements: undefined,
    });
    expect([keysListed, retirementDays]).toEqual([undefined, undefined]);
  });
});

describe('the metrics of an audit', () => {
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
    const lines = metricLines((written) => recordAudit(written, gauges));
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
        aFinding({ id: 'stale#dev#many', type: 'stale', evidence: { count: '61' } }),
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
      'type=stale': 61,
      'severity=critical': 1,
      'severity=warning': 63,
      'severity=info': 0,
    });
  });
});
