import { expect, test } from 'vitest';
import { callersOf } from '../../demo/callers.js';
import { castOf } from '../../demo/cast.js';
import type { Policy } from '../../governance/policy/policy.js';
import { aPolicy } from '../support/builders.js';
import { OWN_POLICIES } from './own-policies.js';

function courses(policy: Policy) {
  const { cleanly, stillInUse, neverValid, goesBad } = castOf(policy);
  return [cleanly, stillInUse, neverValid, goesBad].map(
    (key) => key && `${key.secretName.replace('mistral/', '')} on day ${key.rotatedOn}`,
  );
}

test('each key of a service takes a course of its own, the four of the shipped policy all of them', () => {
  expect(courses(aPolicy())).toEqual([
    'dev-workspace/dev-team-key on day 90',
    'ml-workspace/ml-team-key on day 90',
    'prod-workspace/checkout-service-key on day 90',
    'prod-workspace/search-service-key on day 90',
  ]);
});

const NO_KEY = [undefined, undefined, undefined, undefined];

test.each([
  [
    'one workspace with one key, no gateway, no role, no budget',
    'dev-workspace/team-key on day 90',
  ],
  ['EUR, other models, sessions of unnamed roles, a weekly audit', 'app/team-key on day 90'],
  ['no key but that of the gateway', undefined],
] as const)('%s: fewer courses', (name, first) => {
  expect(courses(OWN_POLICIES[name]?.() ?? aPolicy())).toEqual([first, ...NO_KEY.slice(1)]);
});

test('a key that is due after the run is rotated early, and one whose drain takes long sooner', () => {
  const policy = aPolicy((document) => {
    document.audit.maxAgeDays = 400;
    document.workspaces[0].keys[0].rotateEveryDays = 365;
    document.rotation = { quietDays: 5, maxDrainDays: 9, readerCacheSeconds: 3600 };
  });
  expect(castOf(policy)).toMatchObject({
    cleanly: { rotatedOn: 82, isEarly: true },
    drainDays: 7,
  });
});

function tried(policy: Policy): readonly string[] {
  const now = () => Date.parse('2026-08-15T09:00:00Z');
  return callersOf(policy, now).actors.map(({ arn, model }) => `${arn()} ${model}`);
}

test('every caller of a policy is known to its gateway, by an ARN that its pattern matches', () => {
  const models = ['mistral-small-latest', 'mistral-small-latest', 'mistral-small-latest'];
  expect(tried(aPolicy()).map((line) => line.replace('arn:aws:sts::111122223333:', ''))).toEqual([
    `assumed-role/analyst/ada ${models[0]}`,
    `assumed-role/developer/ada ${models[1]}`,
    `assumed-role/ml-engineer/ada ${models[2]}`,
    'assumed-role/platform-admin/ada mistral-small-latest',
    'assumed-role/AWSReservedSSO_Developer_8d2e1f0a/ada mistral-small-latest',
  ]);
  const [user] = tried(OWN_POLICIES['no key but that of the gateway']?.() ?? aPolicy());
  expect(user).toMatch(/^arn:aws:iam::1{12}:user\/ada /);
});

test.each(Object.entries(OWN_POLICIES))('%s: callers that its gateway knows', (_name, make) => {
  const policy = make();
  const expected = policy.gateway.enabled ? policy.callers.length : 0;
  expect(tried(policy)).toHaveLength(expected);
});
