import { DAY_MS, HOUR_MS, MINUTE_MS } from '../platform/utc-day.js';
import type { Quota, QuotaWindow } from '../quotas/quota.js';
import { windowEnd, windowName, windowStart } from '../quotas/quota-window.js';
import { budgetKey, type SpendState } from './spend-state.js';

// Runs are a quarter of an hour apart: the first one in an hour may fail and the next be late.
const LOOK_BACK_MS = 35 * MINUTE_MS;

// Mistral reports usage up to hours late, by day and month; hours are only metered, which is at once.
const SETTLED_AFTER_MS: Readonly<Record<QuotaWindow, number>> = {
  minute: 0,
  hour: 0,
  day: 2 * DAY_MS,
  month: 2 * DAY_MS,
};

/** Windows that ended together. */
export interface ClosedWindows {
  /** The last instant of all of them. */
  readonly at: Date;
  /** With the limits that held at their end, also where the policy has changed since. */
  readonly quotas: readonly Quota[];
}

/**
 * Windows that ended, and what is known of them may still grow, the earliest first. They are checked by
 * the first runs of an hour. One that ended before it was ever checked is left out, but for the last
 * hour: the policy of today says nothing of it.
 */
export function closedWindows(
  quotas: readonly Quota[],
  state: SpendState,
  now: Date,
): ClosedWindows[] {
  const hourStart = windowStart('hour', now);
  if (now.getTime() - hourStart.getTime() >= LOOK_BACK_MS) return [];
  const byEnd = new Map<number, Quota[]>();
  for (const quota of quotas) {
    for (const at of lastInstants(quota.window, hourStart)) {
      const noted = state.budgets?.[budgetKey(quota, windowName(quota.window, at))];
      const hasJustEnded = at.getTime() === hourStart.getTime() - 1;
      if (!noted && !hasJustEnded) continue;
      const closed = noted ? { ...quota, limit: noted.limitNanos } : quota;
      byEnd.set(at.getTime(), [...(byEnd.get(at.getTime()) ?? []), closed]);
    }
  }
  return [...byEnd]
    .sort(([one], [other]) => one - other)
    .map(([atMs, ended]) => ({ at: new Date(atMs), quotas: ended }));
}

function* lastInstants(window: QuotaWindow, hourStart: Date): Generator<Date> {
  let end = windowStart(window, hourStart);
  while (hourStart <= settledAt(window, end)) {
    const at = new Date(end.getTime() - 1);
    yield at;
    end = windowStart(window, at);
  }
}

/** From when on a window that ended is not checked again. */
export function settledAt(window: QuotaWindow, end: Date): Date {
  return new Date(end.getTime() + SETTLED_AFTER_MS[window]);
}

/** Until when it is remembered which alerts about a window were sent: longer than it is checked. */
export function rememberedUntil(window: QuotaWindow, at: Date): Date {
  return new Date(settledAt(window, windowEnd(window, at)).getTime() + HOUR_MS);
}
