import { describe, expect, test } from 'vitest';
import { closedWindows, rememberedUntil } from '../../../governance/spend/closed-windows.js';
import { judgeSpend } from '../../../governance/spend/judge-spend.js';
import { markSent, NO_ALERTS, type SpendState } from '../../../governance/spend/spend-state.js';
import { aBill, aSpend, USD } from '../../support/spend-builders.js';

const HOUR_MS = 3_600_000;
const rules = { thresholds: [50, 80, 95, 150], quotaTableName: 'quotas' };
const spend = aSpend('prod-workspace');
// 50 an hour, 200 a day, 2000 a month
const quotas = spend.budgets.map(({ quota }) => quota);

/** What a monitor knows that ran every hour since an instant. */
function stateSince(first: string, now: Date): SpendState {
  let state = NO_ALERTS;
  for (let ms = Date.parse(first); ms < now.getTime(); ms += HOUR_MS) {
    const at = new Date(ms);
    const judged = judgeSpend(spend, state, rules, at);
    state = markSent(judged.state, judged.pending, at);
  }
  return state;
}

function closedAt(instant: string, since = '2026-11-01T00:40:00Z'): string[] {
  const now = new Date(instant);
  return closedWindows(quotas, stateSince(since, now), now).map(
    ({ at, quotas: ended }) =>
      `${at.toISOString().slice(0, 16)} ${ended.map(({ window }) => window).join(' ')}`,
  );
}

describe('windows that are checked after their end', () => {
  test.each<[string, readonly string[]]>([
    [
      '2026-11-24T02:34:59Z',
      ['2026-11-22T23:59 day', '2026-11-23T23:59 day', '2026-11-24T01:59 hour'],
    ],
    ['2026-11-24T02:35:00Z', []],
    // The day that ended two days ago is final.
    [
      '2026-11-24T00:34:00Z',
      ['2026-11-21T23:59 day', '2026-11-22T23:59 day', '2026-11-23T23:59 hour day'],
    ],
    [
      '2026-11-24T01:00:00Z',
      ['2026-11-22T23:59 day', '2026-11-23T23:59 day', '2026-11-24T00:59 hour'],
    ],
    [
      '2026-12-01T00:00:00Z',
      ['2026-11-28T23:59 day', '2026-11-29T23:59 day', '2026-11-30T23:59 hour day month'],
    ],
    [
      '2026-12-03T00:10:00Z',
      ['2026-11-30T23:59 day month', '2026-12-01T23:59 day', '2026-12-02T23:59 hour day'],
    ],
    [
      '2026-12-03T01:10:00Z',
      ['2026-12-01T23:59 day', '2026-12-02T23:59 day', '2026-12-03T00:59 hour'],
    ],
    // A leap day, a year's end, and nights in which clocks change elsewhere.
    [
      '2028-03-01T05:00:00Z',
      ['2028-02-28T23:59 day', '2028-02-29T23:59 day month', '2028-03-01T04:59 hour'],
    ],
    [
      '2027-01-01T05:00:00Z',
      ['2026-12-30T23:59 day', '2026-12-31T23:59 day month', '2027-01-01T04:59 hour'],
    ],
    [
      '2026-10-26T05:00:00Z',
      ['2026-10-24T23:59 day', '2026-10-25T23:59 day', '2026-10-26T04:59 hour'],
    ],
    [
      '2027-03-29T05:00:00Z',
      ['2027-03-27T23:59 day', '2027-03-28T23:59 day', '2027-03-29T04:59 hour'],
    ],
  ])('at %s', (instant, expected) => {
    const since = new Date(Date.parse(instant) - 5 * 24 * HOUR_MS).toISOString();
    expect(closedAt(instant, since)).toEqual(expected);
  });

  test('are those that were checked before, or ended with the last hour', () => {
    expect(closedAt('2026-12-01T10:05:00Z', '2026-12-01T10:05:00Z')).toEqual([
      '2026-12-01T09:59 hour',
    ]);
    expect(closedAt('2026-12-01T00:05:00Z', '2026-12-01T00:05:00Z')).toEqual([
      '2026-11-30T23:59 hour day month',
    ]);
    expect(closedAt('2026-12-02T10:05:00Z', '2026-12-01T10:05:00Z')).toEqual([
      '2026-12-01T23:59 day',
      '2026-12-02T09:59 hour',
    ]);
  });

  test('keep the limit that held at their end', () => {
    const now = new Date('2026-12-02T10:05:00Z');
    const state = stateSince('2026-11-29T10:05:00Z', now);
    const raised = quotas.map((quota) => ({ ...quota, limit: quota.limit * 10 }));
    const limits = closedWindows(raised, state, now).flatMap((ended) =>
      ended.quotas.map(({ window, limit }) => `${window} ${limit / USD}`),
    );
    expect(limits).toEqual(['day 200', 'month 2000', 'day 200', 'hour 500']);
  });
});

test('what was sent about a window is remembered for as long as it is checked', () => {
  const day = rememberedUntil('day', new Date('2026-11-30T12:00:00Z'));
  expect(closedAt(new Date(day.getTime() - HOUR_MS).toISOString())).toContain(
    '2026-11-30T23:59 day month',
  );
  expect(closedAt(day.toISOString())).not.toContain('2026-11-30T23:59 day month');
});

test('the memory of limits ends with the windows', () => {
  const state = stateSince('2026-10-20T00:05:00Z', new Date('2026-12-10T00:00:00Z'));
  expect(Object.keys(state.budgets ?? {}).sort()).toEqual([
    'usd#2026-12',
    'usd#2026-12-07',
    'usd#2026-12-08',
    'usd#2026-12-09',
  ]);
});

test('a past month without prices is named once, with its month, beside the present one', () => {
  const row = { category: 'ocr', billingMetric: 'a', billingGroup: 'pages', value: 7 };
  const billed = aBill({ unpriced: [row] });
  const now = new Date('2026-12-02T10:05:00Z');
  const past = (at: string) => ({
    at: new Date(at),
    budgets: [],
    isMetered: true,
    billed,
  });
  const closed = [past('2026-11-29T23:59:59.999Z'), past('2026-11-30T23:59:59.999Z')];
  const spend = aSpend('prod-workspace', {}, { billed, closed });
  const judged = judgeSpend(spend, NO_ALERTS, rules, now);
  expect(judged.pending.map(({ alert }) => alert.title)).toEqual([
    "Usage of prod-workspace in 2026-11 has no price in Mistral's report",
    "Usage of prod-workspace in 2026-12 has no price in Mistral's report",
  ]);
  const after = markSent(judged.state, judged.pending, now);
  expect(judgeSpend(spend, after, rules, now).pending).toEqual([]);
});
