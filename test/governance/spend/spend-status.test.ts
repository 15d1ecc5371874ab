import { describe, expect, test } from 'vitest';
import type { Quota } from '../../../governance/quotas/quota.js';
import type { BilledSpend } from '../../../governance/spend/billed-spend.js';
import {
  billedInWindow,
  type SpendFacts,
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
    outlook: undefined,
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

describe('what Mistral bills of', () => {
  const billed: BilledSpend = {
    currency: 'USD',
    totalNanos: 30,
    nanosByDay: new Map([['2026-11-23', 7]]),
    byModel: [],
    unpriced: [],
    unreadable: [],
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
