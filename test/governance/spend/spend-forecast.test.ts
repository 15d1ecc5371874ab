import { describe, expect, test } from 'vitest';
import { figuresOf, trialsOf } from '../../../bench/spend-forecast.js';
import { addDays } from '../../../governance/platform/utc-day.js';
import type { Quota } from '../../../governance/quotas/quota.js';
import { spendOutlook } from '../../../governance/spend/spend-forecast.js';
import { SPEND_PATTERNS } from '../../../testing/spend-months.js';
import { aPolicy } from '../../support/builders.js';

const USD = 1_000_000_000;
const MONTH: Quota = { scope: 'workspace#a', unit: 'usd', window: 'month', limit: 100 * USD };
const DAY: Quota = { ...MONTH, window: 'day', limit: 5 * USD };

/** Each of the days before gets what `hours` says, in USD. */
function outlook(
  hours: (day: string) => readonly number[],
  now: string,
  { today = 0, days = 28 } = {},
) {
  const past = Array.from({ length: days }, (_, index) => addDays(now.slice(0, 10), index - days));
  const history = Object.fromEntries(past.map((day) => [day, hours(day).map((usd) => usd * 1e6)]));
  return spendOutlook(history, today * USD, new Date(now));
}

const nightly = () => Array.from({ length: 24 }, (_, hour) => (hour === 2 ? 2 : 0));
const office = (day: string) =>
  Array.from({ length: 24 }, (_, hour) =>
    new Date(day).getUTCDay() % 6 !== 0 && hour >= 8 && hour < 16 ? 0.5 : 0,
  );

describe('a pattern by weekday and hour', () => {
  test('a nightly batch of 2 USD is 60 USD a month, at any hour of the day', () => {
    const morning = outlook(nightly, '2026-11-03T03:10:00Z', { today: 2 });
    expect(morning?.forecast(MONTH, 6 * USD)).toEqual({
      kind: 'lasts',
      expectedNanos: 60 * USD,
    });
    const evening = outlook(nightly, '2026-11-03T23:10:00Z', { today: 2 });
    expect(evening?.forecast(MONTH, 6 * USD)).toEqual({
      kind: 'lasts',
      expectedNanos: 60 * USD,
    });
  });

  test('office hours are none on weekends', () => {
    // Monday noon, the 23rd: half of today and five days more, of 4 USD each.
    const noon = outlook(office, '2026-11-23T12:00:00Z', { today: 2 });
    expect(noon?.forecast(MONTH, 62 * USD)).toEqual({ kind: 'lasts', expectedNanos: 84 * USD });
  });

  test('names the hour in which the budget runs out', () => {
    const noon = outlook(office, '2026-11-23T12:00:00Z', { today: 2 });
    // 4 USD of the next day's hours from 8 to 16, after 2 of today's
    expect(noon?.forecast(MONTH, 97 * USD)).toEqual({
      kind: 'runs-out',
      at: new Date('2026-11-24T10:00:00Z'),
      expectedNanos: 119 * USD,
    });
  });

  test('what is above the pattern today is expected for the rest of today', () => {
    const noon = outlook(office, '2026-11-23T12:00:00Z', { today: 4.4 });
    const forecast = noon?.forecast(DAY, 4.4 * USD);
    expect(forecast).toMatchObject({ kind: 'runs-out', at: new Date('2026-11-23T12:40:00Z') });
  });
});

test('a forecast within its error of the budget says so, and sends no alert', () => {
  const uneven = (day: string) => Array(24).fill(Number(day.slice(8)) % 2 === 0 ? 0.1 : 0.2);
  const soon = outlook(uneven, '2026-11-16T00:00:00Z');
  expect(soon?.forecast({ ...MONTH, limit: 104 * USD }, 54 * USD)?.kind).toBe('close');
  expect(soon?.forecast({ ...MONTH, limit: 130 * USD }, 54 * USD)?.kind).toBe('lasts');
  expect(soon?.forecast({ ...MONTH, limit: 70 * USD }, 54 * USD)?.kind).toBe('runs-out');
});

test.each<[string, ReturnType<typeof outlook>, Quota, number]>([
  [
    'less than two weeks are known',
    outlook(nightly, '2026-11-23T12:00:00Z', { days: 13 }),
    MONTH,
    1,
  ],
  ['nothing is known', outlook(nightly, '2026-11-23T12:00:00Z', { days: 0 }), MONTH, 1],
  ['the budget is spent', outlook(nightly, '2026-11-23T12:00:00Z'), MONTH, 100],
  [
    'it is about an hour',
    outlook(nightly, '2026-11-23T12:00:00Z'),
    { ...MONTH, window: 'hour' },
    1,
  ],
])('there is no forecast where %s', (_name, given, quota, spent) => {
  expect(given?.forecast(quota, spent * USD)).toBeUndefined();
});

test('where nothing was spent for weeks, nothing is expected', () => {
  const silent = outlook(() => Array(24).fill(0), '2026-11-23T12:00:00Z', { today: 0 });
  expect(silent?.forecast(MONTH, USD)).toEqual({ kind: 'lasts', expectedNanos: USD });
});

// 25 months of each: spend-forecast.exhaustive.ts
test('of two months of each pattern, at most one alerts for nothing, and each overrun has two days', () => {
  const policy = aPolicy();
  const trials = SPEND_PATTERNS.flatMap((pattern) => trialsOf(policy, pattern, [3, 4]));
  expect(figuresOf(trials).map(({ name, holds }) => [name, holds])).toEqual([
    ['forecast/months', true],
    ['forecast/false-alarms', true],
    ['forecast/two-days-notice', true],
  ]);
});
