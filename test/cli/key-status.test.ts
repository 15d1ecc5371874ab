import { expect, test } from 'vitest';
import { type KeyFacts, keyStatus } from '../../cli/keys/key-status.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { aPolicy } from '../support/builders.js';

const now = new Date('2026-11-25T12:00:00Z');
const [planned] = plannedKeys(aPolicy());
if (!planned) throw new Error('the shipped policy has keys');

const secret: SecretState = {
  arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:mistral/dev-workspace/dev-team-key',
  name: planned.secretName,
  rotationEnabled: true,
  stagesByVersion: { '1a2b3c4d-new': ['AWSCURRENT'] },
  createdAt: new Date('2026-08-01T00:00:00Z'),
  lastRotatedAt: new Date('2026-10-01T00:00:00Z'),
  nextRotationAt: new Date('2026-12-30T00:00:00Z'),
};
const listed: ListedKey = {
  id: 'key-1',
  name: `${planned.key.name}-20261001-1a2b3c4d`,
  workspaceId: planned.workspace.id,
  workspaceName: planned.workspace.name,
  createdAt: new Date('2026-10-01T11:59:00Z'),
  expiresOn: '2027-02-01',
  lastUsedOn: '2026-11-24',
};
const retirement: Retirement = {
  reason: 'replaced',
  secretId: secret.arn,
  secretName: secret.name,
  workspace: planned.workspace.name,
  oldKeyId: 'key-0',
  newKeyId: 'key-1',
  oldVersionId: 'old',
  newVersionId: '1a2b3c4d-new',
  promotedAt: '2026-11-20T00:00:00Z',
  checkAt: '2026-11-26T01:00:00Z',
  rules: { quietDays: 1, maxDrainDays: 7, onDrainTimeout: 'hold' },
};

function facts(change: Partial<KeyFacts> = {}): KeyFacts {
  return {
    planned: planned as KeyFacts['planned'],
    secret,
    listed: [listed],
    retirements: [],
    rotation: aPolicy().rotation,
    ...change,
  };
}

test('a key that is ok has an age, a last use and a next rotation', () => {
  expect(keyStatus(facts(), now)).toEqual({
    key: 'dev-team-key',
    secret: 'mistral/dev-workspace/dev-team-key',
    workspace: 'dev-workspace',
    keyId: 'key-1',
    createdAt: listed.createdAt,
    ageDays: 55,
    lastUsedOn: '2026-11-24',
    nextRotationAt: secret.nextRotationAt,
    state: 'ok',
  });
});

test('without Mistral the age is that of the rotation, and the last use is unknown', () => {
  expect(keyStatus(facts({ listed: undefined }), now)).toMatchObject({
    keyId: undefined,
    createdAt: secret.lastRotatedAt,
    ageDays: 55,
    lastUsedOn: undefined,
    state: 'ok',
  });
});

test.each<[string, Partial<KeyFacts>]>([
  ['not deployed', { secret: undefined, listed: [] }],
  ['no key yet', { secret: { ...secret, stagesByVersion: {} }, listed: [] }],
  ['rotating', { secret: { ...secret, stagesByVersion: { first: ['AWSPENDING'] } }, listed: [] }],
  ['missing at Mistral', { listed: [{ ...listed, name: 'dev-team-key-20260101-99999999' }] }],
  ['expired', { listed: [{ ...listed, expiresOn: '2026-11-24' }] }],
  [
    'rotating',
    { secret: { ...secret, stagesByVersion: { ...secret.stagesByVersion, next: ['AWSPENDING'] } } },
  ],
  ['rotation off', { secret: { ...secret, rotationEnabled: false } }],
  ['rotation overdue', { secret: { ...secret, nextRotationAt: new Date('2026-11-24T00:00:00Z') } }],
  ['replaced key retiring', { retirements: [retirement] }],
  ['approval needed', { retirements: [{ ...retirement, promotedAt: '2026-11-18T12:00:00Z' }] }],
  ['ok', { retirements: [{ ...retirement, secretId: 'arn of another secret' }] }],
])('%s', (state, change) => {
  expect(keyStatus(facts(change), now).state).toBe(state);
});

test('no approval is needed after the drain where the policy says to revoke', () => {
  const rules = { ...retirement.rules, onDrainTimeout: 'revoke' as const };
  const over = { ...retirement, rules, promotedAt: '2026-11-01T00:00:00Z' };
  expect(keyStatus(facts({ retirements: [over] }), now).state).toBe('replaced key retiring');
});

test('a next key that waits for the window is held, and one that need not is being rotated', () => {
  const waiting = {
    ...secret,
    stagesByVersion: { ...secret.stagesByVersion, next: ['AWSPENDING'] },
  };
  const stateIn = (days: string[]) => {
    const { rotation } = aPolicy((document) => {
      document.rotation.window = { days, from: '00:00', to: '24:00' };
    });
    return keyStatus(facts({ secret: waiting, rotation }), now).state;
  };
  const today = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][(now.getUTCDay() + 6) % 7] ?? '';
  expect([stateIn([today]), stateIn([today === 'mon' ? 'tue' : 'mon'])]).toEqual([
    'rotating',
    'held',
  ]);
});

test('a key that was taken over is found by the label of its version', () => {
  const key = { name: 'app', secret: { name: 's', format: 'plain', existing: true } };
  const existing = { ...planned, key: { ...planned.key, ...key } } as KeyFacts['planned'];
  const label = 'mistral-key/key-9/2026-08-15T09:00:00.000Z/never/plain';
  const labelled = { ...secret, stagesByVersion: { v0: [label, 'AWSCURRENT'] } };
  const old = { ...listed, id: 'key-9', name: 'old-notebook' };
  const of = (change: Partial<KeyFacts>) => keyStatus(facts({ planned: existing, ...change }), now);
  expect(of({ secret: labelled, listed: [listed, old] })).toMatchObject({
    keyId: 'key-9',
    state: 'ok',
  });
  expect(of({ secret: labelled, listed: [listed] }).state).toBe('missing at Mistral');
  const edited = { ...secret, stagesByVersion: { v1: ['AWSCURRENT'] } };
  expect(of({ secret: edited, listed: [old] }).state).toBe('not identified');
});
