/** A UTC calendar day, `2026-11-24`. Compares and sorts as a string. */
export type IsoDate = string;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export function utcDay(at: Date): IsoDate {
  return at.toISOString().slice(0, 10);
}

/** The first instant of a UTC day. */
export function startOfDay(day: IsoDate): Date {
  return new Date(`${day}T00:00:00.000Z`);
}

export function addDays(day: IsoDate, days: number): IsoDate {
  return utcDay(new Date(startOfDay(day).getTime() + days * DAY_MS));
}

/** Calendar days from one day to a later one. */
export function daysBetween(from: IsoDate, to: IsoDate): number {
  return Math.round((startOfDay(to).getTime() - startOfDay(from).getTime()) / DAY_MS);
}

/** In whole days. None for what another clock, a little ahead, says was just made. */
export function ageInDays(since: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - since.getTime()) / DAY_MS));
}
