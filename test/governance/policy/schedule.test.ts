import { expect, test } from 'vitest';
import { PolicySchema } from '../../../governance/policy/policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import {
  longestPauseDays,
  parseSchedule,
  type Schedule,
} from '../../../governance/policy/schedule.js';
import { clockChanges, nextRun } from '../../../governance/policy/schedule-times.js';
import { scheduleWarnings } from '../../../governance/policy/schedule-warnings.js';
import { aPolicy } from '../../support/builders.js';

function scheduleOf(expression: string): Schedule {
  const schedule = parseSchedule(expression);
  if ('kind' in schedule) return schedule;
  throw new Error(schedule.join('; '));
}

/** The next runs after an instant, as ISO strings to the minute. */
function runsOf(expression: string, timezone: string, after: string, count = 3): string[] {
  const runs: string[] = [];
  for (let at: Date | undefined = new Date(after); runs.length < count; ) {
    at = nextRun(scheduleOf(expression), timezone, at);
    if (at === undefined) break;
    runs.push(at.toISOString().slice(0, 16));
  }
  return runs;
}

test.each([
  ['nightly', 'must be cron('],
  ['cron(0 4 * * ?)', 'must be cron('],
  ['cron(0 4 * * ? * *)', 'must be cron('],
  ['cron(0 4 ? * ? *)', 'must be cron('],
  ['cron(0 4 * * * *)', 'must be cron('],
  ['cron(0  4 * * ? *)', 'must be cron('],
  ['cron( 0 4 * * ? *)', 'must be cron('],
  ['at(2026-11-29T04:00:00)', 'must be cron('],
  ['rate(0 days)', 'must be cron('],
  ['rate(-1 days)', 'must be cron('],
  ['rate(1.5 days)', 'must be cron('],
  ['rate(2 weeks)', 'must be cron('],
  ['rate(1 days)', 'must be rate(1 day)'],
  ['rate(2 day)', 'must be rate(2 days)'],
  ['cron(61 2 * * ? *)', 'has the minute "61": must be 0 to 59, '],
  ['cron(-1 2 * * ? *)', 'has the minute "-1": must be 0 to 59, '],
  ['cron(0/60 2 * * ? *)', 'has the minute "0/60"'],
  ['cron(0/0 2 * * ? *)', 'has the minute "0/0"'],
  ['cron(1,,2 2 * * ? *)', 'has the minute ""'],
  ['cron(? 2 * * ? *)', 'has the minute "?"'],
  ['cron(0 25 * * ? *)', 'has the hour "25": must be 0 to 23, '],
  ['cron(0 24 * * ? *)', 'has the hour "24"'],
  ['cron(0 22-2 * * ? *)', 'has the hour "22-2"'],
  ['cron(0 4 32 * ? *)', 'has the day "32": must be 1 to 31, '],
  ['cron(0 4 0 * ? *)', 'has the day "0"'],
  ['cron(0 4 32W * ? *)', 'has the day "32W"'],
  ['cron(0 4 LW * ? *)', 'has the day "LW"'],
  ['cron(0 4 1,L * ? *)', 'has the day "L"'],
  ['cron(0 4 * 13 ? *)', 'has the month "13": must be 1 to 12 or JAN to DEC, '],
  ['cron(0 4 * jan ? *)', 'has the month "jan"'],
  ['cron(0 4 ? * 8 *)', 'has the weekday "8": must be 1 to 7 or SUN to SAT, '],
  ['cron(0 4 ? * 0 *)', 'has the weekday "0"'],
  ['cron(0 4 ? * MON#6 *)', 'has the weekday "MON#6"'],
  ['cron(0 4 ? * 3#1,6#3 *)', 'has the weekday "3#1"'],
  ['cron(0 4 * * ? 1969)', 'has the year "1969": must be 1970 to 2199, '],
  ['cron(0 4 * * ? 2200)', 'has the year "2200"'],
  ['cron(0 4 30 FEB ? *)', 'never runs: none of its months has such a day'],
  ['cron(0 4 29 2 ? 2027)', 'never runs'],
  ['cron(0 4 31 APR,JUN ? *)', 'never runs'],
])('%s is not a schedule of EventBridge', (expression, problem) => {
  const wrong = parseSchedule(expression);
  expect('kind' in wrong ? [] : wrong[0]).toContain(problem);
});

test('each wrong field is named', () => {
  expect(parseSchedule('cron(61 25 32 13 ? 1)')).toHaveLength(5);
});

test.each([
  ['cron(0 4 * * ? *)', ['2026-11-29T04:00', '2026-11-30T04:00', '2026-12-01T04:00']],
  ['cron(30 3 ? * MON-FRI *)', ['2026-11-30T03:30', '2026-12-01T03:30', '2026-12-02T03:30']],
  // Scheduler counts weekdays from Sunday, which is 1.
  ['cron(0 4 ? * 2 *)', ['2026-11-30T04:00', '2026-12-07T04:00', '2026-12-14T04:00']],
  ['cron(0/30 2 1 * ? 2027)', ['2027-01-01T02:00', '2027-01-01T02:30', '2027-02-01T02:00']],
  ['cron(*/20 0-1,5 1 1/6 ? *)', ['2027-01-01T00:00', '2027-01-01T00:20', '2027-01-01T00:40']],
  ['cron(0 4 L * ? *)', ['2026-11-30T04:00', '2026-12-31T04:00', '2027-01-31T04:00']],
  ['cron(0 4 15W * ? *)', ['2026-12-15T04:00', '2027-01-15T04:00', '2027-02-15T04:00']],
  ['cron(0 4 1W * ? *)', ['2026-12-01T04:00', '2027-01-01T04:00', '2027-02-01T04:00']],
  ['cron(0 4 1W MAY ? *)', ['2027-05-03T04:00', '2028-05-01T04:00', '2029-05-01T04:00']],
  ['cron(0 4 31W JAN ? *)', ['2027-01-29T04:00', '2028-01-31T04:00', '2029-01-31T04:00']],
  ['cron(0 4 ? * 6L *)', ['2026-12-25T04:00', '2027-01-29T04:00', '2027-02-26T04:00']],
  ['cron(0 4 ? * MON#1 *)', ['2026-12-07T04:00', '2027-01-04T04:00', '2027-02-01T04:00']],
  ['cron(0 4 ? * L *)', ['2026-12-05T04:00', '2026-12-12T04:00', '2026-12-19T04:00']],
  ['cron(0 4 29 2 ? *)', ['2028-02-29T04:00', '2032-02-29T04:00', '2036-02-29T04:00']],
  ['rate(12 hours)', ['2026-11-29T11:59', '2026-11-29T23:59', '2026-11-30T11:59']],
  ['rate(1 day)', ['2026-11-29T23:59', '2026-11-30T23:59', '2026-12-01T23:59']],
])('%s runs when Scheduler runs it', (expression, expected) => {
  expect(runsOf(expression, 'UTC', '2026-11-28T23:59:00Z')).toEqual(expected);
});

test('a schedule of past years has ended', () => {
  expect(runsOf('cron(0 4 * * ? 2020)', 'UTC', '2026-11-28T23:59:00Z')).toEqual([]);
});

test('a time that clocks skip does not run, and one that they show twice runs once', () => {
  // Europe/Paris: 02:00 becomes 03:00 on 2027-03-28, and 03:00 becomes 02:00 on 2026-10-25.
  const nightly = 'cron(30 2 * * ? *)';
  expect(runsOf(nightly, 'Europe/Paris', '2027-03-26T12:00:00Z')).toEqual([
    '2027-03-27T01:30',
    '2027-03-29T00:30',
    '2027-03-30T00:30',
  ]);
  expect(runsOf(nightly, 'Europe/Paris', '2026-10-24T12:00:00Z')).toEqual([
    '2026-10-25T00:30',
    '2026-10-26T01:30',
    '2026-10-27T01:30',
  ]);
  const everyHour = runsOf('cron(0 * * * ? *)', 'Europe/Paris', '2026-10-24T23:30:00Z', 4);
  expect(everyHour).toEqual([
    '2026-10-25T00:00',
    '2026-10-25T02:00',
    '2026-10-25T03:00',
    '2026-10-25T04:00',
  ]);
});

test('the times that clock changes concern are known with their dates', () => {
  const from = new Date('2026-07-01T00:00:00Z');
  const changes = (expression: string, timezone: string) =>
    clockChanges(scheduleOf(expression), timezone, from, 366);
  expect(changes('cron(0 2 * * ? *)', 'Europe/Paris')).toEqual([
    { kind: 'repeated', date: '2026-10-25', time: '02:00' },
    { kind: 'skipped', date: '2027-03-28', time: '02:00' },
  ]);
  expect(changes('cron(30 2 ? * SUN *)', 'America/New_York')).toEqual([
    { kind: 'skipped', date: '2027-03-14', time: '02:30' },
  ]);
  expect(changes('cron(45 1 * * ? *)', 'Australia/Lord_Howe')).toEqual([
    { kind: 'repeated', date: '2027-04-04', time: '01:45' },
  ]);
  expect(changes('cron(15 2 * * ? *)', 'Australia/Lord_Howe')).toEqual([
    { kind: 'skipped', date: '2026-10-04', time: '02:15' },
  ]);
  expect(changes('cron(0 2 * * ? *)', 'UTC')).toEqual([]);
  expect(changes('rate(1 hour)', 'Europe/Paris')).toEqual([]);
});

test('no time zone skips or repeats the shipped time of the audit', () => {
  const { schedule } = aPolicy().audit;
  const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  expect(zones.length).toBeGreaterThan(400);
  const from = new Date('2026-01-01T00:00:00Z');
  const days = 3 * 365 + 1; // to the end of 2028
  const changed = zones.filter(
    (zone) => clockChanges(scheduleOf(schedule), zone, from, days).length > 0,
  );
  expect(changed).toEqual([]);
  expect(PolicySchema.parse({ workspaces: aPolicy().workspaces }).audit.schedule).toBe(schedule);
});

test('the policy check names the next date on which clocks change the time of the audit', () => {
  const notesOf = (schedule: string, timezone: string) =>
    [
      ...scheduleWarnings(
        aPolicy((document) => {
          document.audit = { schedule, timezone };
        }),
        new Date('2026-11-28T12:00:00Z'),
      ),
    ].map(problemText);
  expect(notesOf('cron(0 2 * * ? *)', 'Europe/Paris')).toEqual([
    'audit.schedule: on 2027-03-28 clocks in Europe/Paris skip 02:00, and no audit runs then, nor on 1 more day in two years; no time zone skips 04:00',
    'audit.schedule: on 2027-10-31 clocks in Europe/Paris show 02:00 twice, and the audit runs once, also on 1 more day in two years',
  ]);
  expect(notesOf('cron(0 * ? * SUN 2027)', 'Europe/Paris')).toHaveLength(3); // also of its long pauses
  expect(notesOf('cron(0 4 * * ? *)', 'Europe/Paris')).toEqual([]);
  expect(notesOf('cron(0 2 * * ? *)', 'UTC')).toEqual([]);
  expect(notesOf('rate(12 hours)', 'Europe/Paris')).toEqual([]);
  expect(notesOf('cron(0 4 ? * MON-FRI *)', 'UTC')).toEqual([]);
  expect(notesOf('cron(0 4 ? * MON *)', 'UTC')).toEqual([
    'audit.schedule: up to 7 days pass between two audits, and the alarm governance-audit-missed goes off after 7 days without one',
  ]);
  expect(notesOf('cron(0 4 * * ? 2025)', 'UTC')).toEqual([
    'audit.schedule: cron(0 4 * * ? 2025) has ended, and no audit runs any more',
  ]);
});

test.each([
  ['cron(0 4 * * ? *)', 1],
  ['cron(0 0/6 * * ? *)', 1],
  ['cron(0 4 */2 * ? *)', 2],
  ['cron(0 4 ? * MON-FRI *)', 3],
  ['cron(0 4 ? * MON *)', 7],
  ['cron(0 4 1 * ? *)', 31],
  ['cron(0 4 29 2 ? *)', 672],
  ['rate(12 hours)', 1],
  ['rate(36 hours)', 2],
])('%s pauses for %i days at most', (expression, days) => {
  expect(longestPauseDays(scheduleOf(expression))).toBe(days);
});
