import { beforeAll, expect, test } from 'vitest';
import { reminderDays } from '../../demo/expectations.js';
import { type Run, runLocally } from '../../demo/run.js';
import { daysBetween } from '../../governance/platform/utc-day.js';
import { aPolicy } from '../support/builders.js';
import { leaksIn, plaintextsOf, printed } from '../support/invariants.js';
import { overhear } from '../support/overheard-run.js';

let run: Run;
let written = '';
/** All keys that there ever were. */
let plaintexts: readonly string[] = [];

beforeAll(async () => {
  ({ run, written, plaintexts } = await overhear(runLocally, aPolicy(), plaintextsOf));
}, 600_000);

test('every scenario of the hundred days ends as it should', () => {
  expect(run.expectations.filter(({ holds }) => !holds)).toEqual([]);
  expect(run.expectations.length).toBeGreaterThanOrEqual(10);
});

test('nothing that was written anywhere holds an eight-character piece of a key', () => {
  expect(plaintexts.length).toBeGreaterThan(10);
  expect(written.length).toBeGreaterThan(100_000);
  expect(leaksIn(written, plaintexts)).toEqual([]);
});

test('a piece of a key anywhere would have been found', () => {
  const piece = plaintexts[3]?.slice(5, 13);
  expect(leaksIn(`${written} ${piece}`, plaintexts)).toEqual([piece]);
});

test('nor would it have hidden in the cause or in a field of an error', () => {
  const cause = new Error('a cause with piece-01');
  const error = Object.assign(new Error('an error', { cause }), { field: { deep: 'piece-02' } });
  const written = JSON.stringify(printed({ error }));
  expect(leaksIn(written, ['piece-01', 'piece-02'])).toEqual(['piece-01', 'piece-02']);
});

test('alerts of nine types were sent, each with a body for every protocol', () => {
  const { alerts } = run.document;
  expect([...new Set(alerts.map(({ attributes }) => attributes.type))].sort()).toEqual([
    'audit-digest',
    'budget-exhausted',
    'key-in-use',
    'key-revoked',
    'rolled-back',
    'rotation-failed',
    'rotation-succeeded',
    'spend-forecast',
    'spend-threshold',
  ]);
  for (const { bodies } of alerts) {
    expect(Object.keys(bodies).sort()).toEqual([
      'default',
      'email',
      'email-json',
      'https',
      'lambda',
      'sms',
      'sqs',
    ]);
  }
});

test('the forgotten key makes at most one reminder mail a week', () => {
  const days = reminderDays(run.document);
  expect(days.length).toBeGreaterThan(5);
  const gaps = days.slice(1).map((day, i) => daysBetween(days[i] ?? day, day));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(7);
});

test('no digest is sent on a day without news and without a reminder', () => {
  const digests = run.document.alerts.filter(
    ({ attributes }) => attributes.type === 'audit-digest',
  );
  for (const { subject } of digests) expect(subject).toMatch(/ new |resolved|Reminder/);
});

test('spend is told per workspace and window, against its budget', () => {
  const { spend } = run.document;
  expect([...new Set(spend.map(({ workspace, window }) => `${workspace} ${window}`))]).toEqual([
    'dev-workspace month',
    'ml-workspace day',
    'ml-workspace month',
    'prod-workspace hour',
    'prod-workspace day',
    'prod-workspace month',
  ]);
  expect(spend.every(({ spent, budget }) => budget !== null && spent <= budget)).toBe(true);
});

test('rotations tell their steps and those of the retirement that followed', () => {
  const cleanly = run.document.rotations.find(({ outcome }) => outcome === 'old key revoked');
  expect(cleanly?.steps.map(({ step }) => step)).toEqual([
    'createSecret',
    'setSecret',
    'testSecret',
    'finishSecret',
    'Wait until the old key can be judged',
    'Verify',
    'Revoke the old key',
    'Confirm the revocation',
    'Tell that the old key is revoked',
  ]);
});
