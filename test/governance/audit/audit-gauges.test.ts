import { expect, test } from 'vitest';
import { auditGauges, type GaugeFacts } from '../../../governance/audit/audit-gauges.js';
import type { SecretState } from '../../../governance/keys/rotation.js';
import { plannedKeys } from '../../../governance/policy/planned-keys.js';
import { aManagedSecret, daysAgo, NOW } from '../../support/audit-builders.js';
import { aPolicy, aRetirement } from '../../support/builders.js';

const planned = plannedKeys(aPolicy());

function gauges(states: readonly Partial<SecretState>[], facts: Partial<GaugeFacts> = {}) {
  const secrets = planned.slice(0, states.length).map((key, index) => ({
    planned: key,
    state: aManagedSecret(key.secretName, states[index]),
    pendingSince: undefined,
  }));
  return auditGauges({ keysListed: 7, secrets, retirements: [], findings: [], ...facts }, NOW);
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
