import { HOUR_MS, MINUTE_MS } from '../platform/utc-day.js';
import type { Quota } from '../quotas/quota.js';
import { windowName, windowStart } from '../quotas/quota-window.js';

// Runs are a quarter of an hour apart: the first one after the end may fail and the next be late.
const LOOK_BACK_MS = 35 * MINUTE_MS;

// Longer than a run looks back, so that no alert about a window is sent twice.
const REMEMBERED_AFTER_END_MS = HOUR_MS;

/** Windows that ended a moment ago, and perhaps after the last run that checked them. */
export interface ClosedWindows {
  /** The last instant of all of them. */
  readonly at: Date;
  readonly quotas: readonly Quota[];
}

/**
 * `undefined` where no quota's window ended lately. Every longer window ends together with an hour,
 * and no two hours end within the time looked back, so all of them have the same last instant.
 */
export function closedWindows(quotas: readonly Quota[], now: Date): ClosedWindows | undefined {
  const hourStartMs = windowStart('hour', now).getTime();
  if (now.getTime() - hourStartMs >= LOOK_BACK_MS) return undefined;
  const at = new Date(hourStartMs - 1);
  const ended = quotas.filter(({ window }) => windowName(window, at) !== windowName(window, now));
  return ended.length > 0 ? { at, quotas: ended } : undefined;
}

/** Until when it is remembered which alerts about a window were sent: its end is checked once more. */
export function rememberedUntil(resetsAt: Date): Date {
  return new Date(resetsAt.getTime() + REMEMBERED_AFTER_END_MS);
}
