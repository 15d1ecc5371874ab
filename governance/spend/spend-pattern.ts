import { DAY_MS, type IsoDate, startOfDay } from '../platform/utc-day.js';
import { windowEnd } from '../quotas/quota-window.js';
import { HOURS, NANOS_PER_MICRO, type SpendHistory, sumOf } from './spend-history.js';

/** How a workspace spends, by weekday and hour, as of its last weeks. In nano-units. */
export interface SpendPattern {
  /** What a usual day of the last seven spent. */
  readonly mean: number;
  /** By how much days differ from the pattern, as a share of the mean. */
  readonly deviation: number;
  /** What each of the last days had more than the pattern, at least. */
  readonly surge: number;
  /** What is expected of a day so many days ahead. */
  expectedOn(day: IsoDate, ahead: number): number;
  /** The share of each hour in a day. */
  sharesOf(day: IsoDate): readonly number[];
}

// Two of each weekday: less does not tell a weekly job from growth.
const LEAST_DAYS = 14;
const PATTERN_DAYS = 28;
export const LEVEL_DAYS = 7;
const WEEK = 7;
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6];

const MONTH_END_DAYS = 5;
const LEAST_EXCESS = 0.5; // of a usual day
const STEEPEST_GROWTH = 1.5; // a week

interface Day {
  readonly day: IsoDate;
  /** Days before today: 1 for yesterday. */
  readonly ago: number;
  readonly weekday: number;
  readonly hours: readonly number[];
  readonly nanos: number;
}

const lastOf = new WeakMap<SpendHistory, { today: IsoDate; pattern: SpendPattern | undefined }>();

/**
 * `undefined` where there is not enough to tell: two full weeks, with the last days among them. A history
 * that has not changed is read once, since a replay asks at every quarter of an hour.
 */
export function spendPattern(history: SpendHistory, today: IsoDate): SpendPattern | undefined {
  const last = lastOf.get(history);
  if (last?.today === today) return last.pattern;
  const pattern = patternOf(history, today);
  lastOf.set(history, { today, pattern });
  return pattern;
}

function patternOf(history: SpendHistory, today: IsoDate): SpendPattern | undefined {
  const days = completeDays(history, today);
  const base = days.filter(({ ago }) => ago <= PATTERN_DAYS);
  const recent = days.filter(({ ago }) => ago <= LEVEL_DAYS);
  if (base.length < LEAST_DAYS || recent.length < LEVEL_DAYS - 2) return undefined;

  const ofWeekday = WEEKDAYS.map((weekday) => base.filter((day) => day.weekday === weekday));
  const usual = ofWeekday.map((own) => medianOf(own.map(({ nanos }) => nanos)));
  const profiles = ofWeekday.map((own) => profileOf(own, base));
  const mean = meanOf(base.map(({ nanos }) => nanos));
  const ends = monthEnds(days);
  const normals = new Map<IsoDate, number>();
  function normalOn(day: IsoDate): number {
    const known = normals.get(day);
    if (known !== undefined) return known;
    const normal = (usual[weekdayOf(day)] ?? 0) + (ends.get(daysFromEnd(day)) ?? 0) * mean;
    normals.set(day, normal);
    return normal;
  }

  const level = levelOf(recent, normalOn);
  const growth = growthOf(days);
  const surge = surgeOf(recent, (day) => normalOn(day) * level);
  const deviation = mean > 0 ? deviationOf(base, normalOn, growth) / mean : 0;
  return {
    mean: mean * level,
    deviation,
    surge,
    // The level is that of the middle of the last seven days.
    expectedOn: (day, ahead) =>
      normalOn(day) * level * growth ** ((ahead + LEVEL_DAYS / 2) / WEEK) + surge,
    sharesOf: (day) => profiles[weekdayOf(day)] ?? [],
  };
}

function completeDays(history: SpendHistory, today: IsoDate): Day[] {
  const todayMs = startOfDay(today).getTime();
  return Object.entries(history)
    .filter(([day, hours]) => day < today && hours.length === HOURS)
    .map(([day, hours]) => ({
      day,
      ago: (todayMs - startOfDay(day).getTime()) / DAY_MS,
      weekday: weekdayOf(day),
      hours,
      nanos: sumOf(hours) * NANOS_PER_MICRO,
    }))
    .sort((one, other) => one.ago - other.ago);
}

/** What the last days of months had more than their weekdays in the weeks before, in usual days. */
function monthEnds(days: readonly Day[]): ReadonlyMap<number, number> {
  const byAgo = new Map(days.map((day) => [day.ago, day]));
  const excesses = new Map<number, number[]>();
  for (const { day, ago, nanos } of days) {
    const position = daysFromEnd(day);
    if (position >= MONTH_END_DAYS) continue;
    const before = Array.from({ length: 2 * WEEK }, (_, index) => byAgo.get(ago + WEEK + index));
    const known = before.filter((one) => one !== undefined);
    const same = [WEEK, 2 * WEEK]
      .map((back) => byAgo.get(ago + back))
      .filter((one) => one !== undefined);
    const mean = meanOf(known.map((one) => one.nanos));
    if (same.length < 2 || mean <= 0) continue;
    const excess = (nanos - meanOf(same.map((one) => one.nanos))) / mean;
    excesses.set(position, [...(excesses.get(position) ?? []), excess]);
  }
  const ends = new Map<number, number>();
  for (const [position, [last, before]] of excesses) {
    if (last === undefined || before === undefined) continue;
    const excess = Math.min(last, before);
    if (excess >= LEAST_EXCESS) ends.set(position, excess);
  }
  return ends;
}

/** How the last days compare with what is normal: the middle one, by what is normal for each. */
function levelOf(recent: readonly Day[], normalOn: (day: IsoDate) => number): number {
  const ratios = recent
    .map(({ day, nanos }) => {
      const normal = normalOn(day);
      return { ratio: nanos / normal, weight: normal };
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => one.ratio - other.ratio);
  const half = ratios.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const { ratio, weight } of ratios) {
    sum += weight;
    if (sum >= half) return ratio;
  }
  return 1;
}

/** A week compared with the one before, where the last four weeks all agree that it is more. */
function growthOf(days: readonly Day[]): number {
  const weeks = [0, 1, 2, 3].map((week) => {
    const own = days.filter(({ ago }) => Math.ceil(ago / WEEK) === week + 1);
    return own.length === WEEK ? own.reduce((sum, { nanos }) => sum + nanos, 0) : 0;
  });
  const ratios = weeks
    .slice(1)
    .map((before, week) => (before > 0 ? (weeks[week] ?? 0) / before : 1));
  return Math.min(STEEPEST_GROWTH, Math.max(1, Math.min(...ratios)));
}

/** What each of the last days had more than expected, at least: one such day is no change. */
function surgeOf(recent: readonly Day[], expectedOn: (day: IsoDate) => number): number {
  const last = recent.filter(({ ago }) => ago <= 3);
  if (last.length < 3) return 0;
  return Math.max(0, Math.min(...last.map(({ day, nanos }) => nanos - expectedOn(day))));
}

/** By how much a day differs from what is normal, growth aside. */
function deviationOf(
  base: readonly Day[],
  normalOn: (day: IsoDate) => number,
  growth: number,
): number {
  const residuals = base.map(
    ({ day, ago, nanos }) =>
      (nanos - normalOn(day) * growth ** ((PATTERN_DAYS / 2 - ago) / WEEK)) ** 2,
  );
  // The largest may be a launch; what is left is small, since the weekday was taken from these days.
  const [, second = 0] = residuals.toSorted((one, other) => other - one);
  const squares = residuals.map((square) => Math.min(square, second));
  return 1.4 * Math.sqrt(meanOf(squares));
}

/** The share of each hour in a day's spend: of its weekday, of any where that had none. */
function profileOf(ofWeekday: readonly Day[], base: readonly Day[]): readonly number[] {
  const days = ofWeekday.some(({ nanos }) => nanos > 0) ? ofWeekday : base;
  const total = sumOf(days.map(({ nanos }) => nanos)) / NANOS_PER_MICRO;
  return Array.from({ length: HOURS }, (_, hour) =>
    total > 0 ? sumOf(days.map(({ hours }) => hours[hour] ?? 0)) / total : 1 / HOURS,
  );
}

function weekdayOf(day: IsoDate): number {
  return startOfDay(day).getUTCDay();
}

/** 0 for the last day of a month. */
function daysFromEnd(day: IsoDate): number {
  const at = startOfDay(day);
  return (windowEnd('month', at).getTime() - at.getTime()) / DAY_MS - 1;
}

function meanOf(values: readonly number[]): number {
  return values.length > 0 ? sumOf(values) / values.length : 0;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : meanOf(sorted.slice(Math.max(0, middle - 1), middle + 1));
}
