import type { Quota } from '../quotas/quota.js';
import { windowName, windowStart } from '../quotas/quota-window.js';

// Runs are a quarter of an hour apart: the first one after the end may fail and the next be late.
const LOOK_BACK_MS = 35 * 60_000;

// Longer than anybody looks back, so that nothing about a window goes out twice.
const TOLD_AFTER_END_MS = 60 * 60_000;

/** Windows that ended a moment ago, and perhaps after the last look at them. */
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

/** Until when it is remembered what was told of a window: its end is looked at once more. */
export function toldUntil(resetsAt: Date): Date {
  return new Date(resetsAt.getTime() + TOLD_AFTER_END_MS);
}
