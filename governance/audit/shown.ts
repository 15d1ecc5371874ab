import { type IsoDate, utcDay } from '../platform/utc-day.js';

const LONGEST = 80;

/** A name that others chose, safe to put into a line of an alert. */
export function shown(name: string | undefined): string {
  const line = (name ?? '').replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  if (line === '') return '(no name)';
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

export function shownDay(at: Date | undefined): IsoDate | 'unknown' {
  return at ? utcDay(at) : 'unknown';
}
