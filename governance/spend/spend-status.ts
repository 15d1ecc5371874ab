import { fraction, isMore, parseDecimal } from '../platform/fraction.js';
import { utcDay } from '../platform/utc-day.js';
import type { Quota, QuotaWindow } from '../quotas/quota.js';
import { windowEnd, windowName } from '../quotas/quota-window.js';
import type { BilledSpend } from './billed-spend.js';
import type { SpendForecast, SpendOutlook } from './spend-forecast.js';

/** What is known of the spend against one money quota in one window, in nano-units. */
export interface SpendFacts {
  readonly quota: Quota;
  /** What the quota's counters say. */
  readonly meteredNanos: number;
  /** What Mistral says; `undefined` for windows that its report does not have. */
  readonly billedNanos: number | undefined;
  /** The part of metered that Mistral bills to other workspaces. @default 0 */
  readonly borrowedNanos?: number | undefined;
  /** What a request might have cost that was refused for lack of room. @default none was */
  readonly refusedNanos?: number | undefined;
  /** What is expected from now on, for the forecast; `undefined` where there is none. */
  readonly outlook: SpendOutlook | undefined;
}

export interface SpendStatus extends Omit<SpendFacts, 'outlook'> {
  readonly windowName: string;
  readonly resetsAt: Date;
  /** The larger of metered and billed, with what is billed elsewhere. */
  readonly spentNanos: number;
  /** Of the budget, for people. */
  readonly percent: number;
  /** The thresholds that the spend has reached, ascending, in percent. */
  readonly reached: readonly number[];
  readonly forecast: SpendForecast | undefined;
}

/** The spend in the window around `at`. `thresholds` are in percent and ascend. */
export function spendStatus(
  { quota, meteredNanos, billedNanos, borrowedNanos = 0, refusedNanos, outlook }: SpendFacts,
  thresholds: readonly number[],
  at: Date,
): SpendStatus {
  const spentNanos = Math.max(meteredNanos, (billedNanos ?? 0) + borrowedNanos);
  return {
    quota,
    meteredNanos,
    billedNanos,
    borrowedNanos,
    ...(refusedNanos !== undefined && { refusedNanos }),
    windowName: windowName(quota.window, at),
    resetsAt: windowEnd(quota.window, at),
    spentNanos,
    percent: quota.limit > 0 ? (spentNanos / quota.limit) * 100 : 100,
    reached: thresholds.filter((percent) => isReached(percent, spentNanos, quota.limit)),
    forecast: outlook?.forecast(quota, spentNanos),
  };
}

/** What Mistral's bill of the month says of the window around `now`: it has days, not hours. */
export function billedInWindow(
  billed: BilledSpend,
  window: QuotaWindow,
  now: Date,
): number | undefined {
  if (window === 'month') return billed.totalNanos;
  return window === 'day' ? (billed.nanosByDay.get(utcDay(now)) ?? 0) : undefined;
}

/** Thresholds such as 99.9 are decimals, and a budget may be larger than what × 100 fits a number. */
function isReached(percent: number, spentNanos: number, limitNanos: number): boolean {
  const threshold = parseDecimal(percent);
  if (threshold === undefined) return false;
  const spent = fraction(BigInt(spentNanos) * 100n);
  const needed = fraction(threshold.numerator * BigInt(limitNanos), threshold.denominator);
  return !isMore(needed, spent);
}
