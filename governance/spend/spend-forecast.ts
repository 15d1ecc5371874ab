import type { Quota } from '../quotas/quota.js';
import { windowEnd, windowStart } from '../quotas/quota-window.js';

/** How a budget ends if spending goes on as it did today. */
export type SpendForecast =
  | { readonly kind: 'runs-out'; readonly at: Date; readonly expectedNanos: number }
  | { readonly kind: 'lasts'; readonly expectedNanos: number };

// A rate of less than that says more of one job than of the day.
const LEAST_HOURS = 3;
const HOUR_MS = 3_600_000;

/** For days and months. `undefined` where there is too little to tell by, or nothing left to tell. */
export function forecastSpend(
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
