import { beforeAll, expect, test } from 'vitest';
import { mailsOf } from '../../demo/admin-api-claims.js';
import { daysBetween } from '../../governance/platform/utc-day.js';
import { aPolicy } from '../support/builders.js';
import { leaksIn } from '../support/invariants.js';
import { type OverheardRun, overhear } from '../support/overheard-run.js';

let played: OverheardRun;

beforeAll(async () => {
  played = await overhear(aPolicy());
});

test('every claim about the hundred days holds', () => {
  expect(played.run.claims.filter(([, holds]) => !holds)).toEqual([]);
  expect(played.run.claims.length).toBeGreaterThanOrEqual(10);
  expect(played.printed.at(-1)).toContain(`All ${played.run.claims.length} checks passed.`);
});

test('no output contains an eight-character piece of a key', () => {
  const { written, plaintexts } = played;
  expect(plaintexts.length).toBeGreaterThan(10);
  expect(written.length).toBeGreaterThan(100_000);
  expect(leaksIn(written, plaintexts)).toEqual([]);
});

test('a piece of a key anywhere would have been found', () => {
  const { written, plaintexts } = played;
  const piece = plaintexts[3]?.slice(5, 13);
  expect(leaksIn(`${written} ${piece}`, plaintexts)).toEqual([piece]);
});

test('alerts of nine types were sent, each with a body for every protocol', () => {
  const { alerts } = played.run.document;
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
    expect(bodies.email).not.toContain('its command is not shown');
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

test('the forgotten key is in at most fifteen mails, and in each digest while it is open', () => {
  const mails = mailsOf(played.run.document);
  expect(mails.length).toBeGreaterThan(5);
  expect(mails.length).toBeLessThanOrEqual(15);
  const digests = played.run.document.alerts.filter(
    ({ attributes }) => attributes.type === 'audit-digest',
  );
  expect(mails.map(({ at }) => at)).toEqual(digests.map(({ at }) => at));
});

test('no reminder comes within a week of the one before, and no wait for a mail is over four weeks', () => {
  const mails = mailsOf(played.run.document);
  const reminders = mails.filter(({ subject }) => subject.includes('Reminder'));
  expect(Math.min(...gapsOf(reminders))).toBeGreaterThanOrEqual(7);
  expect(Math.max(...gapsOf(mails))).toBe(28);
});

function gapsOf(mails: ReturnType<typeof mailsOf>): number[] {
  const days = mails.map(({ at }) => at.slice(0, 10));
  return days.slice(1).map((day, at) => daysBetween(days[at] ?? day, day));
}

test('no digest is sent on a day without news and without a reminder', () => {
  const digests = played.run.document.alerts.filter(
    ({ attributes }) => attributes.type === 'audit-digest',
  );
  for (const { subject } of digests) expect(subject).toMatch(/ new |resolved|Reminder/);
});

test('the document has spend per workspace and window, against its budget', () => {
  const { spend } = played.run.document;
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

test('a rotation has its own steps and those of the retirement that followed', () => {
  const { rotations } = played.run.document;
  const cleanly = rotations.find(({ outcome }) => outcome === 'replaced key revoked');
  expect(cleanly?.steps.map(({ step }) => step)).toEqual([
    'createSecret',
    'setSecret',
    'testSecret',
    'finishSecret',
    'Wait for next check',
    'Verify',
    'Revoke key',
    'Confirm revocation',
    'Notify: key revoked',
  ]);
});
