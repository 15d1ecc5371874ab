import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Quota } from '../../../governance/quotas/quota.js';
import type { BilledSpend } from '../../../governance/spend/billed-spend.js';
import {
  billedInWindow,
  type SpendFacts,
  type SpendForecast,
  spendStatus,
} from '../../../governance/spend/spend-status.js';

const UNIT = 1_000_000_000;
const MONTH: Quota = {
  scope: 'workspace#dev-workspace',
  unit: 'usd',
  window: 'month',
  limit: 50 * UNIT,
};
const THRESHOLDS = [50, 80, 95, 100];
const NOON = new Date('2026-11-23T12:00:00Z');

function judge(facts: Partial<SpendFacts>, { thresholds = THRESHOLDS, now = NOON } = {}) {
  const complete = {
    quota: MONTH,
    meteredNanos: 0,
    billedNanos: undefined,
    todayNanos: 0,
    ...facts,
  };
  return spendStatus(complete, thresholds, now);
}

function reached(...given: Parameters<typeof judge>): readonly number[] {
  return judge(...given).reached;
}

describe('spend is the larger of metered and billed', () => {
  test.each([
    [10, 20, 20],
    [20, 10, 20],
    [20, undefined, 20],
    [0, 0, 0],
  ])('metered %s and billed %s make %i', (meteredNanos, billedNanos, spentNanos) => {
    expect(judge({ meteredNanos, billedNanos })).toMatchObject({
      meteredNanos,
      billedNanos,
      spentNanos,
    });
  });

  test('against the budget of the present window', () => {
    expect(judge({ meteredNanos: 20 * UNIT })).toMatchObject({
      windowName: '2026-11',
      resetsAt: new Date('2026-12-01T00:00:00Z'),
      percent: 40,
    });
  });
});

describe('a threshold is reached', () => {
  test.each<[string, number, readonly number[]]>([
    ['not by nothing', 0, []],
    ['not a nano-unit before it', 25 * UNIT - 1, []],
    ['by exactly as much', 25 * UNIT, [50]],
    ['together with those below it', 47 * UNIT, [50, 80]],
    ['all of them at the limit', 50 * UNIT, [50, 80, 95, 100]],
    ['all of them far beyond it', 900 * UNIT, [50, 80, 95, 100]],
  ])('%s', (_name, meteredNanos, percents) => {
    expect(reached({ meteredNanos })).toEqual(percents);
  });

  test('by what Mistral bills as well', () => {
    expect(reached({ meteredNanos: 1, billedNanos: 40 * UNIT })).toEqual([50, 80]);
  });

  test('at the exact nano-unit of a decimal percentage', () => {
    const quota = { ...MONTH, limit: 9_000_000_000_000_000 };
    const at = 8_991_000_000_000_000;
    expect(reached({ quota, meteredNanos: at }, { thresholds: [99.9] })).toEqual([99.9]);
    expect(reached({ quota, meteredNanos: at - 1 }, { thresholds: [99.9] })).toEqual([]);
  });
});

describe('at the rate of today', () => {
  // Half a day has passed, so that a day spends twice what today did.
  test.each<[string, Partial<SpendFacts>, string]>([
    [
      // 10 left at 2.50 a day: four days from noon of the 23rd
      'the budget of the month ends',
      { meteredNanos: 40 * UNIT, todayNanos: 1.25 * UNIT },
      "at today's rate the month's budget ends on 2026-11-27",
    ],
    [
      // 10 left at 1.25 a day: eight days, and the month has seven and a half
      'the budget of the month lasts',
      { meteredNanos: 40 * UNIT, todayNanos: 0.625 * UNIT },
      "at today's rate the month's budget lasts",
    ],
    [
      // 1 left at 8 a day: three hours
      'the budget of the day ends',
      { quota: { ...MONTH, window: 'day', limit: 5 * UNIT }, meteredNanos: 4 * UNIT },
      "at today's rate the day's budget ends at 15:00 UTC",
    ],
  ])('%s', (_name, facts, text) => {
    const { quota, forecast } = judge({ todayNanos: facts.meteredNanos ?? 0, ...facts });
    expect(forecast && forecastText(quota, forecast)).toBe(text);
  });

  test('what will have been spent at the end', () => {
    // 7.5 days at 2.50
    expect(judge({ meteredNanos: 10 * UNIT, todayNanos: 1.25 * UNIT }).forecast).toEqual({
      kind: 'lasts',
      expectedNanos: 28_750_000_000,
    });
  });

  test.each<[string, Partial<SpendFacts>, Date]>([
    ['nothing was spent today', { meteredNanos: UNIT, todayNanos: 0 }, NOON],
    [
      'the day is young',
      { meteredNanos: UNIT, todayNanos: UNIT },
      new Date('2026-11-23T02:59:59Z'),
    ],
    ['the budget is spent', { meteredNanos: 50 * UNIT, todayNanos: UNIT }, NOON],
    ['it is about an hour', { quota: { ...MONTH, window: 'hour' }, todayNanos: UNIT }, NOON],
  ])('there is no forecast where %s', (_name, facts, now) => {
    expect(judge(facts, { now }).forecast).toBeUndefined();
  });

  test('a budget never ends before now nor after its window', () => {
    const hours = fc.integer({ min: 3, max: 23 });
    const spend = fc.nat(50 * UNIT);
    fc.assert(
      fc.property(hours, spend, spend, (hour, meteredNanos, todayNanos) => {
        const now = new Date(NOON);
        now.setUTCHours(hour);
        const { forecast, resetsAt } = judge({ meteredNanos, todayNanos }, { now });
        if (forecast?.kind !== 'runs-out') return;
        expect(forecast.at.getTime()).toBeGreaterThanOrEqual(now.getTime());
        expect(forecast.at.getTime()).toBeLessThan(resetsAt.getTime());
      }),
    );
  });
});

describe('what Mistral bills of', () => {
  const billed: BilledSpend = {
    currency: 'USD',
    totalNanos: 30,
    nanosByDay: new Map([['2026-11-23', 7]]),
    byModel: [],
    unpriced: [],
  };
  test.each([
    ['month', NOON, 30],
    ['day', NOON, 7],
    ['day', new Date('2026-11-24T00:00:00Z'), 0],
    ['hour', NOON, undefined],
    ['minute', NOON, undefined],
  ] as const)('the %s around %s', (window, now, nanos) => {
    expect(billedInWindow(billed, window, now)).toBe(nanos);
  });
});

function forecastText({ window }: Quota, forecast: SpendForecast): string {
  const budget = `at today's rate the ${window}'s budget`;
  if (forecast.kind === 'lasts') return `${budget} lasts`;
  return window === 'day'
    ? `${budget} ends at ${forecast.at.toISOString().slice(11, 16)} UTC`
    : `${budget} ends on ${forecast.at.toISOString().slice(0, 10)}`;
}
