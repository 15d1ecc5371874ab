import { DAY_MS } from '../platform/utc-day.js';
import type { QuotaWindow } from './quota.js';

const MINUTE_MS = 60_000;
const LENGTH_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: DAY_MS } as const;

/** How many characters of `2026-11-23T17:05:00.000Z` name the window. */
const NAME_LENGTH: Readonly<Record<QuotaWindow, number>> = {
  minute: 16,
  hour: 13,
  day: 10,
  month: 7,
};

/** The UTC window that an instant falls into, such as `2026-11-23T17` for an hour. */
export function windowName(window: QuotaWindow, at: Date): string {
  return at.toISOString().slice(0, NAME_LENGTH[window]);
}

/** The window's first instant. */
export function windowStart(window: QuotaWindow, at: Date): Date {
  return boundary(window, at, 0);
}

/** The first instant after the window. */
export function windowEnd(window: QuotaWindow, at: Date): Date {
  return boundary(window, at, 1);
}

function boundary(window: QuotaWindow, at: Date, later: 0 | 1): Date {
  if (window === 'month') return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later));
  const length = LENGTH_MS[window];
  return new Date((Math.floor(at.getTime() / length) + later) * length);
}
