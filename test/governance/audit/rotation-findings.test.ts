import { expect, test } from 'vitest';
import { judgeRotations } from '../../../governance/audit/rotation-findings.js';
import type { SecretState } from '../../../governance/keys/rotation.js';
import { unfinishedVersion } from '../../../governance/keys/rotation.js';
import { plannedKeys } from '../../../governance/policy/planned-keys.js';
import type { RotationPolicy } from '../../../governance/policy/policy.js';
import {
  aManagedSecret,
  CURRENT,
  DEV,
  daysAgo,
  NOW,
  PENDING,
} from '../../support/audit-builders.js';
import { aPolicy } from '../../support/builders.js';

const planned = plannedKeys(aPolicy()).filter(({ secretName }) => secretName === DEV);

function judge(
  change: Partial<SecretState>,
  pendingSince?: Date,
  rules: RotationPolicy = aPolicy().rotation,
) {
  return planned.flatMap((key) =>
    judgeRotations({ planned: key, state: aManagedSecret(DEV, change), pendingSince }, rules, NOW),
  );
}

const rotating = { stagesByVersion: { [CURRENT]: ['AWSCURRENT'], [PENDING]: ['AWSPENDING'] } };
const second = (days: number, seconds: number) =>
  new Date(daysAgo(days).getTime() + seconds * 1000);

test.each([
  ['a rotation planned for later', {}, undefined, []],
  ['a rotation a day late', { nextRotationAt: daysAgo(1) }, undefined, []],
  [
    'a rotation more than a day late',
    { nextRotationAt: second(1, -1) },
    undefined,
    ['rotation-overdue'],
  ],
  [
    'no key yet, not a day after creation',
    { stagesByVersion: {}, createdAt: second(1, 1) },
    undefined,
    [],
  ],
  [
    'no key a day after creation',
    { stagesByVersion: {}, createdAt: daysAgo(1) },
    undefined,
    ['rotation-overdue'],
  ],
  [
    'no key and no rotation, reported once',
    { stagesByVersion: {}, nextRotationAt: daysAgo(9) },
    undefined,
    ['rotation-overdue'],
  ],
  ['a rotation unfinished for a day', rotating, daysAgo(1), []],
  ['a rotation unfinished for more than a day', rotating, second(1, -1), ['rotation-failed']],
  ['rotation switched off', { rotationEnabled: false }, undefined, ['policy-drift']],
])('%s', (_name, change, pendingSince, types) => {
  expect(judge(change, pendingSince).map(({ type }) => type)).toEqual(types);
});

test('a stuck rotation is reported with the commands that release and repeat it', () => {
  expect(judge(rotating, daysAgo(3))).toMatchObject([
    {
      subject: DEV,
      since: '2026-06-27',
      evidence: { pendingVersion: PENDING },
      nextCommand: `aws secretsmanager update-secret-version-stage --secret-id ${DEV} --version-stage AWSPENDING --remove-from-version-id ${PENDING} && aws secretsmanager rotate-secret --secret-id ${DEV}`,
    },
  ]);
});

test('AWSPENDING on the current version is not an unfinished rotation', () => {
  const secret = aManagedSecret(DEV, { stagesByVersion: { v: ['AWSCURRENT', 'AWSPENDING'] } });
  expect(unfinishedVersion(secret)).toBeUndefined();
  expect(unfinishedVersion(aManagedSecret(DEV, rotating))).toBe(PENDING);
});
