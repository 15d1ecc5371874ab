import { DAY_MS } from '../platform/utc-day.js';
import type { RotationPolicy } from './policy.js';
import { WEEKDAYS } from './policy-rotation.js';
import { calendarDay, daysFrom } from './schedule.js';
import { type Zone, zoneOf } from './schedule-times.js';

type TimeRules = Pick<RotationPolicy, 'timezone' | 'window' | 'freeze'>;

/** A time in which no key changes. */
export interface Freeze {
  readonly startsMs: number;
  readonly endsMs: number;
  readonly reason: string;
}

/** When a new key may take the place of one that services use. */
export interface RotationTimes {
  isOpen(atMs: number): boolean;
  /** That instant where it is open then; `undefined` where it stays closed for two years. */
  nextOpening(atMs: number): number | undefined;
  freezeAt(atMs: number): Freeze | undefined;
  readonly freezes: readonly Freeze[];
}

const DAYS_AHEAD = 731;

/** By the clocks of the policy's zone: what they skip is not there, and what they show twice is twice as long. */
export function rotationTimes({ timezone, window, freeze }: TimeRules): RotationTimes {
  const zone = zoneOf(timezone);
  const freezes = freeze.map(({ from, to, reason }) => ({
    startsMs: instantOf(from, zone, 0),
    endsMs: instantOf(to, zone, 1),
    reason,
  }));
  const freezeAt = (atMs: number) =>
    freezes.find(({ startsMs, endsMs }) => startsMs <= atMs && atMs < endsMs);
  const [opens, closes] = [window?.from ?? '00:00', window?.to ?? '24:00'].map(minuteOf);
  const isOnDay = (date: Date) =>
    window === undefined || window.days.some((day) => WEEKDAYS.indexOf(day) === weekdayOf(date));

  function isInWindow(atMs: number): boolean {
    const local = new Date(zone.localOf(atMs));
    const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
    const [from = 0, to = 0] = [opens, closes];
    if (from < to) return isOnDay(local) && from <= minute && minute < to;
    const before = new Date(local.getTime() - DAY_MS);
    return (isOnDay(local) && minute >= from) || (isOnDay(before) && minute < to);
  }

  const isOpen = (atMs: number) => freezeAt(atMs) === undefined && isInWindow(atMs);

  /** From then on, in order: when the window opens, and when clocks or a freeze let it be open. */
  function* openings(atMs: number): Generator<number> {
    for (const date of daysFrom(calendarDay(new Date(zone.localOf(atMs))), DAYS_AHEAD)) {
      const starts = firstInstants(zone, date, opens ?? 0);
      // Clocks that go forward may skip the opening, or take a window that has begun to its second day.
      const later = zone.changesOn(date) ? quartersOf(zone, date) : [];
      yield* [...starts, ...later].sort((one, other) => one - other);
    }
  }

  return {
    isOpen,
    freezeAt,
    freezes,

    nextOpening(atMs) {
      if (isOpen(atMs)) return atMs;
      const ends = freezes.map(({ endsMs }) => endsMs).filter((endMs) => endMs > atMs);
      const [endOfFreeze] = ends.filter(isOpen).sort((one, other) => one - other);
      for (const opening of openings(atMs)) {
        if (endOfFreeze !== undefined && endOfFreeze <= opening) return endOfFreeze;
        if (opening > atMs && isOpen(opening)) return opening;
      }
      return endOfFreeze;
    },
  };
}

/** A day, which begins and ends with it, or an instant. */
function instantOf(text: string, zone: Zone, daysLater: number): number {
  if (text.length > 10) return Date.parse(text);
  const date = calendarDay(new Date(Date.parse(text) + daysLater * DAY_MS));
  return firstInstants(zone, date, 0)[0] ?? Date.parse(text);
}

type Day = Parameters<Zone['instantsOf']>[0];

/** When clocks show a time of a day, or what they show next where they skip it. */
function firstInstants(zone: Zone, date: Day, minute: number): number[] {
  for (let at = minute; at < minute + 24 * 60; at += 15) {
    const instants = zone.instantsOf(date, at);
    if (instants.length > 0) return instants;
  }
  return [];
}

function quartersOf(zone: Zone, date: Day): number[] {
  return Array.from({ length: 96 }, (_, quarter) => zone.instantsOf(date, quarter * 15)).flat();
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** From Monday, 0. */
function weekdayOf(date: Date): number {
  return (date.getUTCDay() + 6) % 7;
}
