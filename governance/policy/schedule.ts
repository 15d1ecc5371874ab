import { DAY_MS, HOUR_MS, MINUTE_MS } from '../platform/utc-day.js';
import { quoted } from '../platform/wording.js';

// EventBridge Scheduler's expressions, as its user guide describes them.

/** A day of some calendar; months and days count from 1. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

type DayRule = (date: CalendarDay) => boolean;

export interface CronSchedule {
  readonly kind: 'cron';
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly isOn: DayRule;
}

export interface RateSchedule {
  readonly kind: 'rate';
  readonly everyMs: number;
}

export type Schedule = CronSchedule | RateSchedule;

const FORM =
  'must be cron(minute hour day month weekday year) with "?" for day or weekday, or rate(...), for example cron(0 4 * * ? *)';

/** Reads an expression, or says what Scheduler would reject in it, to be read behind the expression. */
export function parseSchedule(expression: string): Schedule | readonly string[] {
  const [, kind, inner = ''] = /^(cron|rate)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return parseRate(inner);
  const fields = inner.split(' ');
  const [minute, hour, day, month, weekday, year] = fields;
  if (kind !== 'cron' || fields.length !== 6 || (day === '?') === (weekday === '?')) return [FORM];

  const wrong: string[] = [];
  const minutes = readField(MINUTE, minute, wrong);
  const hours = readField(HOUR, hour, wrong);
  const isOnDay = day === '?' ? readWeekday(weekday, wrong) : readDay(day, wrong);
  const months = new Set(readField(MONTH, month, wrong));
  const years = new Set(readField(YEAR, year, wrong));
  if (wrong.length > 0) return wrong;
  const isOn: DayRule = (date) => years.has(date.year) && months.has(date.month) && isOnDay(date);
  if (!hasAnyDay(isOn, years)) return ['never runs: none of its months has such a day'];
  return { kind, minutes, hours, isOn };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
};

function parseRate(inner: string): RateSchedule | readonly string[] {
  const [, count = '', unit = '', plural] =
    /^([1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(inner) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined) return [FORM];
  if ((count === '1') === (plural === 's')) {
    return [`must be rate(${count} ${unit}${count === '1' ? '' : 's'})`];
  }
  return { kind: 'rate', everyMs: Number(count) * unitMs };
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Words for the numbers from `least` on. */
  readonly words?: readonly string[];
  /** What it may hold besides numbers, `-`, `,` and `/`. */
  readonly also?: string;
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const MINUTE: Field = { name: 'minute', least: 0, most: 59 };
const HOUR: Field = { name: 'hour', least: 0, most: 23 };
const DAY: Field = { name: 'day', least: 1, most: 31, also: 'L or 15W' };
const MONTH: Field = { name: 'month', least: 1, most: 12, words: MONTHS };
const WEEKDAY: Field = { name: 'weekday', least: 1, most: 7, words: WEEKDAYS, also: '6L or 2#1' };
const YEAR: Field = { name: 'year', least: 1970, most: 2199 };

/** The numbers that a field stands for, ascending. */
function readField(field: Field, text = '', wrong: string[]): readonly number[] {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const range = rangeOf(field, part);
    if (range === undefined) wrong.push(wrongPart(field, part));
    else for (let at = range.from; at <= range.to; at += range.step) numbers.add(at);
  }
  return [...numbers].sort((one, other) => one - other);
}

function rangeOf(field: Field, part: string) {
  const [, span = '', , steps] = /^([^/]*)(\/([1-9]\d{0,3}))?$/.exec(part) ?? [];
  const step = Number(steps ?? 1);
  const isOpen = steps !== undefined; // `5/15` starts there and goes on to the end
  if (step > field.most - field.least) return undefined;
  if (span === '*') return { from: field.least, to: field.most, step };
  const [first = '', last, ...more] = span.split('-');
  const from = numberOf(field, first);
  const to = last === undefined ? (isOpen ? field.most : from) : numberOf(field, last);
  if (from === undefined || to === undefined || more.length > 0 || from > to) return undefined;
  return { from, to, step };
}

function numberOf({ least, most, words = [] }: Field, text: string): number | undefined {
  const word = words.indexOf(text);
  if (word >= 0) return least + word;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function wrongPart({ name, least, most, words, also }: Field, part: string): string {
  const named = words === undefined ? '' : ` or ${words[0]} to ${words.at(-1)}`;
  const special = also === undefined ? '' : `, or one such as ${also}`;
  return `has the ${name} ${quoted(part)}: must be ${least} to ${most}${named}, ascending in a range, or "*"${special}`;
}

/** `L` is the last day of the month, `15W` the weekday nearest to the 15th in it. */
function readDay(text = '', wrong: string[]): DayRule {
  if (text === 'L') return (date) => date.day === lastDay(date);
  const [, near] = /^(\d{1,2})W$/.exec(text) ?? [];
  if (near === undefined) {
    const days = new Set(readField(DAY, text, wrong));
    return ({ day }) => days.has(day);
  }
  const target = numberOf(DAY, near);
  if (target === undefined) wrong.push(wrongPart(DAY, text));
  return (date) => date.day === nearestWeekday(date, target ?? 1);
}

/** `6L` is the last Friday of the month, `2#1` its first Monday. */
function readWeekday(text = '', wrong: string[]): DayRule {
  const [, name = '', sign, nth] = /^([^#L]+)(L|#([1-5]))$/.exec(text) ?? [];
  if (sign === undefined) {
    const weekdays = new Set(text === 'L' ? [WEEKDAY.most] : readField(WEEKDAY, text, wrong));
    return (date) => weekdays.has(weekdayOf(date));
  }
  const weekday = numberOf(WEEKDAY, name);
  if (weekday === undefined) wrong.push(wrongPart(WEEKDAY, text));
  return (date) => {
    if (weekdayOf(date) !== weekday) return false;
    return nth === undefined
      ? date.day > lastDay(date) - 7
      : Math.ceil(date.day / 7) === Number(nth);
  };
}

function lastDay({ year, month }: CalendarDay): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 1 is Sunday. */
function weekdayOf({ year, month, day }: CalendarDay): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

/** Never in another month. */
function nearestWeekday(date: CalendarDay, target: number): number | undefined {
  const last = lastDay(date);
  if (target > last) return undefined;
  const weekday = weekdayOf({ ...date, day: target });
  if (weekday === 7) return target === 1 ? 3 : target - 1;
  if (weekday === 1) return target === last ? target - 2 : target + 1;
  return target;
}

/** Within 28 years every date falls on every weekday. */
function hasAnyDay(isOn: DayRule, years: ReadonlySet<number>): boolean {
  for (const year of [...years].slice(0, 28)) {
    for (const date of daysFrom({ year, month: 1, day: 1 }, 366)) if (isOn(date)) return true;
  }
  return false;
}

/** After so many days without a run an alarm can go off: CloudWatch looks back a week. */
export const LONGEST_WATCHED_DAYS = 7;

/** The most days from one run to the next; not less than 1. */
export function longestPauseDays(schedule: Schedule): number {
  if (schedule.kind === 'rate') return Math.ceil(schedule.everyMs / DAY_MS);
  const days = [...daysFrom({ year: 2028, month: 1, day: 1 }, 731)]; // two years, one of them a leap year
  const runs = days.flatMap((date, day) => (schedule.isOn(date) ? [day] : []));
  return [...runs, days.length].reduce(
    ({ last, longest }, day) => ({ last: day, longest: Math.max(longest, day - last) }),
    { last: 0, longest: 1 },
  ).longest;
}

/** How often it runs in a year without a leap day. */
export function runsAYear(schedule: Schedule): number {
  if (schedule.kind === 'rate') return (365 * DAY_MS) / schedule.everyMs;
  const days = [...daysFrom({ year: 2027, month: 1, day: 1 }, 365)].filter(schedule.isOn);
  return days.length * schedule.hours.length * schedule.minutes.length;
}

/** So many days from one on. */
export function* daysFrom(
  { year, month, day }: CalendarDay,
  count: number,
): Generator<CalendarDay> {
  for (let after = 0; after < count; after += 1) {
    yield calendarDay(new Date(Date.UTC(year, month - 1, day + after)));
  }
}

/** The date that a clock of UTC shows. */
export function calendarDay(at: Date): CalendarDay {
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() };
}
