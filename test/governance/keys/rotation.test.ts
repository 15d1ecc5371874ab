import { expect, test } from 'vitest';
import {
  admitStep,
  blockingVersion,
  type SecretState,
  unfinishedVersion,
  versionAt,
} from '../../../governance/keys/rotation.js';
import { createdKeyName, isKeyOf, parseKeyName } from '../../../governance/policy/key-name.js';

const secret: SecretState = {
  arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:mistral/dev/key-AbCdEf',
  name: 'mistral/dev/key',
  rotationEnabled: true,
  stagesByVersion: { v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'], v3: ['AWSPENDING'] },
  createdAt: undefined,
  lastRotatedAt: undefined,
  nextRotationAt: undefined,
};

test.each([
  ['the pending version', secret, 'v3', { kind: 'proceed' }],
  ['the current version', secret, 'v2', { kind: 'already current' }],
  [
    'a version both current and pending',
    { ...secret, stagesByVersion: { v3: ['AWSPENDING', 'AWSCURRENT'] } },
    'v3',
    { kind: 'proceed' },
  ],
  [
    'a version that is neither',
    secret,
    'v1',
    {
      kind: 'refuse',
      reason: 'version v1 of secret mistral/dev/key is not AWSPENDING but AWSPREVIOUS',
    },
  ],
  [
    'a version that does not exist',
    secret,
    'v9',
    { kind: 'refuse', reason: 'secret mistral/dev/key has no version v9' },
  ],
  [
    'a secret that does not rotate',
    { ...secret, rotationEnabled: false },
    'v3',
    { kind: 'refuse', reason: 'rotation is not enabled for secret mistral/dev/key' },
  ],
] as const)('a step for %s', (_name, state, versionId, admission) => {
  expect(admitStep(state, versionId)).toEqual(admission);
});

test.each([
  ['none', { v2: ['AWSCURRENT'] }, undefined, undefined, undefined],
  ['none of a secret without a value', {}, undefined, undefined, undefined],
  ['another version', { v2: ['AWSCURRENT'], v3: ['AWSPENDING'] }, '2026-01-01', 'v3', 'v3'],
  [
    'an older version',
    { v1: ['AWSPREVIOUS', 'AWSPENDING'], v2: ['AWSCURRENT'] },
    '2026-01-01',
    'v1',
    'v1',
  ],
  ['the current version', { v2: ['AWSCURRENT', 'AWSPENDING'] }, '2026-01-01', undefined, undefined],
  [
    'a first version, promoted by Secrets Manager',
    { v2: ['AWSCURRENT', 'AWSPENDING'] },
    undefined,
    undefined,
    'v2',
  ],
  ['the only version', { v3: ['AWSPENDING'] }, undefined, 'v3', 'v3'],
])('AWSPENDING on %s', (_name, stagesByVersion, rotated, blocking, unfinished) => {
  const lastRotatedAt = rotated === undefined ? undefined : new Date(rotated);
  const state: SecretState = { ...secret, stagesByVersion, lastRotatedAt };
  expect(blockingVersion(state)).toBe(blocking);
  expect(unfinishedVersion(state)).toBe(unfinished);
});

test('finds the version a label is on', () => {
  expect(versionAt(secret, 'AWSCURRENT')).toBe('v2');
  expect(versionAt({ ...secret, stagesByVersion: {} }, 'AWSCURRENT')).toBeUndefined();
});

test('a key at Mistral is named after its rotation', () => {
  const token = 'A1B2C3D4-0000-4000-8000-000000000000';
  const name = createdKeyName('dev-team-key', '2026-11-24', token);
  expect(name).toBe('dev-team-key-20261124-a1b2c3d4');
  expect(parseKeyName(name)).toEqual({ key: 'dev-team-key', token: 'a1b2c3d4' });
  expect(isKeyOf(name, 'dev-team-key', token)).toBe(true);
  expect(isKeyOf(name, 'team-key', token)).toBe(false);
  expect(isKeyOf(name, 'dev-team-key', 'ffffffff-0000')).toBe(false);
});

test('a key with another form of name was not created by a rotation', () => {
  expect(parseKeyName('my laptop')).toBeUndefined();
  expect(parseKeyName('-20261124-a1b2c3d4')).toBeUndefined();
});
