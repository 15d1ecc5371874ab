import { closest } from './closest.js';
import { head, jsonText } from './quoting.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './utc-day.js';

export const CURRENCIES = ['USD', 'EUR'] as const;

export type Currency = (typeof CURRENCIES)[number];

// How amounts, times, lists and values are written for people. Machine bodies keep exact values.

const NANOS = 1e9;
const SECOND_MS = 1_000;
const QUOTED_CHARACTERS = 200;

/** `412.37 USD`; below one, with the digits that small models cost. */
export function moneyText(nanos: number, currency: Currency): string {
  return `${amountText(nanos)} ${currency}`;
}

/** `56 % (28.42 of 50.00 USD)`. */
export function spentText(nanos: number, limitNanos: number, currency: Currency): string {
  const spent = `${amountText(nanos)} of ${moneyText(limitNanos, currency)}`;
  return `${percentOf(nanos, limitNanos)} % (${spent})`;
}

/** Rounded down, so that nothing looks exhausted before it is; anything is all of nothing. */
export function percentOf(nanos: number, limitNanos: number): number {
  if (limitNanos <= 0) return nanos > 0 ? 100 : 0;
  const percent = Math.floor((nanos * 100) / limitNanos);
  return nanos < limitNanos ? Math.min(percent, 99) : percent;
}

/** `1,204`. */
export function numberText(count: number): string {
  // Not toLocaleString, which loads the tables of all languages: 8 MB.
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 finding`, `2 findings`, `1,204 keys`; `things` where an s is not enough. */
export function countText(count: number, thing: string, things = `${thing}s`): string {
  return `${numberText(count)} ${count === 1 ? thing : things}`;
}

/** `35 seconds`, `90 minutes`, `40 hours`, `12 days`: rounded, in the unit that people count it in. */
export function durationText(ms: number): string {
  if (ms < 2 * MINUTE_MS) return countText(Math.round(ms / SECOND_MS), 'second');
  if (ms < 2 * HOUR_MS) return countText(Math.round(ms / MINUTE_MS), 'minute');
  if (ms < 3 * DAY_MS) return countText(Math.round(ms / HOUR_MS), 'hour');
  return countText(Math.round(ms / DAY_MS), 'day');
}

/** `2026-11-15 01:00 UTC`; with a `now`, also how far away: `(in 2 days)`, `(5 hours ago)`. */
export function instantText(at: Date, now?: Date): string {
  const text = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (now === undefined) return text;
  const aheadMs = at.getTime() - now.getTime();
  const distance = durationText(Math.abs(aheadMs));
  return `${text} (${aheadMs >= 0 ? `in ${distance}` : `${distance} ago`})`;
}

/** `a`, `a and b`, `a, b and c`; beyond `most`, `a, b and 212 more`. */
export function listText(items: readonly string[], most = Number.POSITIVE_INFINITY): string {
  const first = items.length > most ? items.slice(0, most) : items.slice(0, -1);
  const last =
    items.length > most ? `${countText(items.length - most, 'more', 'more')}` : items.at(-1);
  return first.length === 0 ? (last ?? 'none') : `${first.join(', ')} and ${last}`;
}

/** A value from outside as JSON, so that its ends show and it stays on one line; cut where it is long. */
export function quoted(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : jsonText(value);
  return shortened(text, QUOTED_CHARACTERS);
}

/** `unknown workspace "qa": known are "dev", "prod"`. */
export function unknownText(what: string, value: string, known: readonly string[]): string {
  const all = `known are ${[...new Set(known)].map(quoted).join(', ') || 'none'}`;
  return `unknown ${what} ${quoted(value)}${meantText(value, known) || ':'} ${all}`;
}

/** `, did you mean "prod"?`; empty where no name is near. */
export function meantText(value: string, known: readonly string[]): string {
  const meant = closest(value, known);
  return meant === undefined ? '' : `, did you mean ${quoted(meant)}?`;
}

/** At most so many characters; `...` stands for the rest. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${head(text, most - 3)}...` : text;
}

/** Breaks lines between words; a word that is longer than a line stays whole. */
export function wrapped(text: string, columns: number): string {
  return text.replaceAll(new RegExp(`(?=.{${columns + 1}})(.{1,${columns}}|\\S+) +`, 'g'), '$1\n');
}

function amountText(nanos: number): string {
  const isSmall = nanos !== 0 && Math.abs(nanos) < NANOS;
  return (nanos / NANOS).toFixed(isSmall ? 4 : 2);
}
