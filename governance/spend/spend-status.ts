import * as z from 'zod';
import { fraction, isMore, parseDecimal } from '../platform/fraction.js';
import { HOUR_MS, utcDay } from '../platform/utc-day.js';
import type { Quota, QuotaWindow } from '../quotas/quota.js';
import { windowEnd, windowName, windowStart } from '../quotas/quota-window.js';
import type { BilledSpend } from './billed-spend.js';

/** What is known of the spend against one money quota in one window, in nano-units. */
export interface SpendFacts {
  readonly quota: Quota;
  /** What the quota's counters say. */
  readonly meteredNanos: number;
  /** What Mistral says; `undefined` for windows that its report does not have. */
  readonly billedNanos: number | undefined;
  /** The larger of both since the day began, for the forecast; `undefined` where there is none. */
  readonly todayNanos: number | undefined;
}

export interface SpendStatus extends Omit<SpendFacts, 'todayNanos'> {
  readonly windowName: string;
  readonly resetsAt: Date;
  /** The larger of metered and billed. */
  readonly spentNanos: number;
  /** Of the budget, for people. */
  readonly percent: number;
  /** The thresholds that the spend has reached, ascending, in percent. */
  readonly reached: readonly number[];
  readonly forecast: SpendForecast | undefined;
}

export const SpendForecastSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('runs-out'),
    at: z.iso.datetime().transform((text) => new Date(text)),
    expectedNanos: z.number(),
  }),
  z.object({ kind: z.literal('lasts'), expectedNanos: z.number() }),
]);

/** How a budget ends if spending continues at today's rate. */
export type SpendForecast = Readonly<z.infer<typeof SpendForecastSchema>>;

/** The spend in the window around `at`. `thresholds` are in percent and ascend. */
export function spendStatus(
  { quota, meteredNanos, billedNanos, todayNanos }: SpendFacts,
  thresholds: readonly number[],
  at: Date,
): SpendStatus {
  const spentNanos = Math.max(meteredNanos, billedNanos ?? 0);
  return {
    quota,
    meteredNanos,
    billedNanos,
    windowName: windowName(quota.window, at),
    resetsAt: windowEnd(quota.window, at),
    spentNanos,
    percent: quota.limit > 0 ? (spentNanos / quota.limit) * 100 : 100,
    reached: thresholds.filter((percent) => isReached(percent, spentNanos, quota.limit)),
    forecast:
      todayNanos === undefined ? undefined : forecastSpend(quota, spentNanos, todayNanos, at),
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

// In less than that, one job says more than the day.
const LEAST_HOURS = 3;

/** For days and months. `undefined` early in the day, and where the budget is spent. */
function forecastSpend(
  { window, limit }: Quota,
  spentNanos: number,
  todayNanos: number,
  now: Date,
): SpendForecast | undefined {
  if ((window !== 'day' && window !== 'month') || spentNanos >= limit) return undefined;
  const elapsedMs = now.getTime() - windowStart('day', now).getTime();
  if (elapsedMs < LEAST_HOURS * HOUR_MS || todayNanos <= 0) return undefined;

  const leftMs = windowEnd(window, now).getTime() - now.getTime();
  const expectedNanos = spentNanos + Math.round((todayNanos / elapsedMs) * leftMs);
  if (expectedNanos < limit) return { kind: 'lasts', expectedNanos };
  const untilLimitMs = ((limit - spentNanos) / todayNanos) * elapsedMs;
  const at = new Date(now.getTime() + Math.min(Math.floor(untilLimitMs), leftMs - 1));
  return { kind: 'runs-out', at, expectedNanos };
}
