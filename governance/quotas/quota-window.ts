import { DAY_MS } from '../platform/utc-day.js';
import type { QuotaWindow } from './quota.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How many characters of `2026-11-23T17:05:00.000Z` name the window. */
const NAME_LENGTH: Readonly<Record<QuotaWindow, number>> = {
  minute: 16,
  hour: 13,
  day: 10,
  month: 7,
};

interface Span {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

// Nearly every request falls into the same window as the last one.
const latest: Partial<Record<QuotaWindow, Span>> = {};

/** The UTC window an instant falls into, such as `2026-11-23T17` for an hour. */
export function windowName(window: QuotaWindow, at: Date): string {
  return spanOf(window, at).name;
}

/** The window's first instant. */
export function windowStart(window: QuotaWindow, at: Date): Date {
  return new Date(spanOf(window, at).startMs);
}

/** The first instant after the window. */
export function windowEnd(window: QuotaWindow, at: Date): Date {
  return new Date(spanOf(window, at).endMs);
}

function spanOf(window: QuotaWindow, at: Date): Span {
  const atMs = at.getTime();
  const known = latest[window];
  if (known !== undefined && atMs >= known.startMs && atMs < known.endMs) return known;
  const span = {
    name: at.toISOString().slice(0, NAME_LENGTH[window]),
    ...(window === 'month' ? monthAround(at) : fixedSpan(atMs, lengthMs(window))),
  };
  latest[window] = span;
  return span;
}

function monthAround(at: Date): Pick<Span, 'startMs' | 'endMs'> {
  const year = at.getUTCFullYear();
  const month = at.getUTCMonth();
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}

function fixedSpan(atMs: number, length: number): Pick<Span, 'startMs' | 'endMs'> {
  const startMs = Math.floor(atMs / length) * length;
  return { startMs, endMs: startMs + length };
}

function lengthMs(window: Exclude<QuotaWindow, 'month'>): number {
  if (window === 'minute') return MINUTE_MS;
  return window === 'hour' ? HOUR_MS : DAY_MS;
}
