import { fraction, isMore, parseDecimal } from '../platform/fraction.js';
import { utcDay } from '../platform/utc-day.js';
import type { Quota, QuotaWindow } from '../quotas/quota.js';
import { windowEnd, windowName, windowStart } from '../quotas/quota-window.js';
import type { BilledSpend } from './billed-spend.js';
import { forecastSpend, type SpendForecast } from './spend-forecast.js';

/** What is known of the spend against one money quota in one window, in nano-units. */
export interface SpendFacts {
  readonly quota: Quota;
  /** What the quota's counters say. */
  readonly meteredNanos: number;
  /** What Mistral says; `undefined` where it does not tell that window apart. */
  readonly billedNanos: number | undefined;
  /** The larger of both since the day began, for the forecast; `undefined` where there is none. */
  readonly todayNanos: number | undefined;
}

export interface SpendStatus {
  readonly quota: Quota;
  readonly windowName: string;
  readonly resetsAt: Date;
  readonly meteredNanos: number;
  readonly billedNanos: number | undefined;
  /** The larger of both. */
  readonly spentNanos: number;
  /** Of the budget, for people. */
  readonly percent: number;
  /** Ascending; told now for the first time in this window. */
  readonly newlyCrossed: readonly CrossedThreshold[];
  readonly forecast: SpendForecast | undefined;
}

export interface CrossedThreshold {
  readonly percent: number;
  /** To be remembered as long as the window is looked at: a threshold is told once. */
  readonly key: string;
}

/** In the window around `at`. `thresholds` in percent; `told` are the keys of those told before. */
export function spendStatus(
  { quota, meteredNanos, billedNanos, todayNanos }: SpendFacts,
  thresholds: readonly number[],
  told: ReadonlySet<string>,
  at: Date,
): SpendStatus {
  const spentNanos = largerSpend(meteredNanos, billedNanos);
  const name = windowName(quota.window, at);
  return {
    quota,
    windowName: name,
    resetsAt: windowEnd(quota.window, at),
    meteredNanos,
    billedNanos,
    spentNanos,
    percent: quota.limit > 0 ? (spentNanos / quota.limit) * 100 : 100,
    newlyCrossed: thresholds
      .filter((percent) => isReached(percent, spentNanos, quota.limit))
      .map((percent) => ({ percent, key: thresholdKey(quota, name, percent) }))
      .filter(({ key }) => !told.has(key))
      .sort((one, other) => one.percent - other.percent),
    forecast:
      todayNanos === undefined ? undefined : forecastSpend(quota, spentNanos, todayNanos, at),
  };
}

export function thresholdKey({ scope, unit }: Quota, windowName: string, percent: number): string {
  return `${scope}#${unit}#${windowName}#${percent}`;
}

export function largerSpend(meteredNanos: number, billedNanos: number | undefined): number {
  return Math.max(meteredNanos, billedNanos ?? 0);
}

/** What Mistral's bill of the month says of the window around `now`: it tells days, not hours. */
export function billedInWindow(
  billed: BilledSpend,
  window: QuotaWindow,
  now: Date,
): number | undefined {
  if (window === 'month') return billed.totalNanos;
  return window === 'day'
    ? (billed.nanosByDay.get(utcDay(windowStart('day', now))) ?? 0)
    : undefined;
}

/** Thresholds such as 99.9 are decimals, and a budget may be larger than what × 100 fits a number. */
function isReached(percent: number, spentNanos: number, limitNanos: number): boolean {
  const threshold = parseDecimal(percent);
  if (threshold === undefined) return false;
  const spent = fraction(BigInt(spentNanos) * 100n);
  const needed = fraction(threshold.numerator * BigInt(limitNanos), threshold.denominator);
  return !isMore(needed, spent);
}
