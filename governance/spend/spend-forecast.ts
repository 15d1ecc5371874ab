import * as z from 'zod';
import { DAY_MS, HOUR_MS, startOfDay, utcDay } from '../platform/utc-day.js';
import type { Quota } from '../quotas/quota.js';
import { windowEnd } from '../quotas/quota-window.js';
import { type SpendHistory, sumOf } from './spend-history.js';
import { LEVEL_DAYS, spendPattern } from './spend-pattern.js';

/** `close`: more is expected than the budget, but by less than such forecasts err. */
export const SpendForecastSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('runs-out'),
    at: z.iso.datetime().transform((text) => new Date(text)),
    expectedNanos: z.number(),
  }),
  z.object({ kind: z.enum(['close', 'lasts']), expectedNanos: z.number() }),
]);

/** How a budget ends if spending continues as in the last weeks, at the level of the last days. */
export type SpendForecast = Readonly<z.infer<typeof SpendForecastSchema>>;

/** What is expected to be spent from now on. */
export interface SpendOutlook {
  forecast(quota: Quota, spentNanos: number): SpendForecast | undefined;
}

// By how many standard deviations more than the budget must be expected, for on-call to hear of it.
// With fewer, too many months alert that end below their budget; with more, too many alert too late.
const CERTAIN = 1.3;

// Of a usual day: early in a day, less than that says little about the rest of it.
const INERTIA = 0.25;

/**
 * From the pattern of the last four weeks by weekday and hour, at the level of the last seven days, with
 * today's deviation for the rest of today. `undefined` where there is not enough to tell: two full
 * weeks, with the last days among them.
 */
export function spendOutlook(
  history: SpendHistory,
  todayNanos: number,
  now: Date,
): SpendOutlook | undefined {
  const today = utcDay(now);
  const pattern = spendPattern(history, today);
  if (!pattern) return undefined;
  const { mean, deviation, surge, expectedOn, sharesOf } = pattern;

  const hoursOver = (now.getTime() - startOfDay(today).getTime()) / HOUR_MS;
  /** The part of one of today's hours that is still to come. */
  const leftOf = (hour: number) => Math.min(1, Math.max(0, hour + 1 - hoursOver));
  const shareLeft = sumOf(sharesOf(today).map((share, h) => share * leftOf(h)));
  const expectedToday = expectedOn(today, 0);
  const inertia = INERTIA * Math.max(expectedToday, mean);
  const todayFactor =
    inertia > 0 ? (todayNanos + inertia) / (expectedToday * (1 - shareLeft) + inertia) : 1;

  /** Hour by hour until the end of a window. */
  function ahead(end: Date, roomNanos: number) {
    let sum = 0;
    let variance = 0;
    let runsOutMs: number | undefined;
    const todayMs = startOfDay(today).getTime();
    for (let index = 0, atMs = todayMs; atMs < end.getTime(); index += 1, atMs += DAY_MS) {
      const isToday = index === 0;
      const day = isToday ? today : utcDay(new Date(atMs));
      const ofDay = expectedOn(day, index) * (isToday ? todayFactor : 1);
      variance += (deviation * Math.max(ofDay, mean)) ** 2 * (isToday ? shareLeft : 1);
      for (const [hour, share] of sharesOf(day).entries()) {
        const left = isToday ? leftOf(hour) : 1;
        const more = ofDay * share * left;
        if (runsOutMs === undefined && more > 0 && sum + more >= roomNanos) {
          const within = 1 - left + ((roomNanos - sum) / more) * left;
          runsOutMs = atMs + Math.floor((hour + within) * HOUR_MS);
        }
        sum += more;
      }
    }
    const daysLeft = (end.getTime() - now.getTime()) / DAY_MS;
    const ofLevel = (deviation * sum) / Math.sqrt(LEVEL_DAYS);
    // Half of a surge may be over as soon as it came.
    const margin = CERTAIN * Math.sqrt(variance + ofLevel ** 2) + (surge * daysLeft) / 2;
    return { sum, margin, runsOutMs };
  }

  return {
    forecast({ window, limit }, spentNanos) {
      if ((window !== 'day' && window !== 'month') || spentNanos >= limit) return undefined;
      const end = windowEnd(window, now);
      const { sum, margin, runsOutMs } = ahead(end, limit - spentNanos);
      const expectedNanos = spentNanos + Math.round(sum);
      if (runsOutMs === undefined) return { kind: 'lasts', expectedNanos };
      if (spentNanos + sum - margin < limit) return { kind: 'close', expectedNanos };
      const at = new Date(Math.min(Math.max(runsOutMs, now.getTime()), end.getTime() - 1));
      return { kind: 'runs-out', at, expectedNanos };
    },
  };
}
