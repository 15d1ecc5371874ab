import { addDays, DAY_MS, HOUR_MS, type IsoDate, startOfDay, utcDay } from '../platform/utc-day.js';
import type { Quota } from '../quotas/quota.js';
import { windowEnd } from '../quotas/quota-window.js';
import { HOURS, NANOS_PER_MICRO, type SpendHistory, sumOf } from './spend-history.js';

/** How a budget ends if spending continues as in the last weeks, at the level of the last days. */
export type SpendForecast =
  | { readonly kind: 'runs-out'; readonly at: Date; readonly expectedNanos: number }
  /** More is expected than the budget, but by less than such forecasts err. */
  | { readonly kind: 'close'; readonly expectedNanos: number }
  | { readonly kind: 'lasts'; readonly expectedNanos: number };

/** What is expected to be spent from now on. */
export interface SpendOutlook {
  forecast(quota: Quota, spentNanos: number): SpendForecast | undefined;
}

// Two of each weekday: less does not tell a weekly job from growth.
const LEAST_DAYS = 14;
const PATTERN_DAYS = 28;
const LEVEL_DAYS = 7;
const WEEK = 7;
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6];

// By how many standard deviations more than the budget must be expected, for on-call to hear of it.
// With fewer, too many months alert that end below their budget; with more, too many alert too late.
const CERTAIN = 1.3;

// Of a usual day: early in a day, less than that says little about the rest of it.
const INERTIA = 0.25;

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

/**
 * From the pattern of the last four weeks by weekday and hour, at the level of the last seven days, with
 * today's deviation for the rest of today. `undefined` where there is not enough to tell: two full
 * weeks, with the last days among them.
 */
export function spendOutlook(
  history: SpendHistory,
  todayNanos: number,
  now: Date,
): SpendOutlook | undefined {
  const today = utcDay(now);
  const days = completeDays(history, today);
  const base = days.filter(({ ago }) => ago <= PATTERN_DAYS);
  const recent = days.filter(({ ago }) => ago <= LEVEL_DAYS);
  if (base.length < LEAST_DAYS || recent.length < LEVEL_DAYS - 2) return undefined;

  const ofWeekday = WEEKDAYS.map((weekday) => base.filter((day) => day.weekday === weekday));
  const usual = ofWeekday.map((own) => medianOf(own.map(({ nanos }) => nanos)));
  const profiles = ofWeekday.map((own) => profileOf(own, base));
  const mean = meanOf(base.map(({ nanos }) => nanos));
  const ends = monthEnds(days);
  const normalOn = (day: IsoDate) =>
    (usual[weekdayOf(day)] ?? 0) + (ends.get(daysFromEnd(day)) ?? 0) * mean;

  const level = levelOf(recent, normalOn);
  const growth = growthOf(days);
  const surge = surgeOf(recent, (day) => normalOn(day) * level);
  const deviation = mean > 0 ? deviationOf(base, normalOn, growth) / mean : 0;
  // The level is that of the middle of the last seven days.
  const expectedOn = (day: IsoDate, ahead: number) =>
    normalOn(day) * level * growth ** ((ahead + LEVEL_DAYS / 2) / WEEK) + surge;

  const hoursOver = (now.getTime() - startOfDay(today).getTime()) / HOUR_MS;
  /** The part of one of today's hours that is still to come. */
  const leftOf = (hour: number) => Math.min(1, Math.max(0, hour + 1 - hoursOver));
  const shareLeft = sumOf((profiles[weekdayOf(today)] ?? []).map((share, h) => share * leftOf(h)));
  const expectedToday = expectedOn(today, 0);
  const inertia = INERTIA * Math.max(expectedToday, mean * level);
  const todayFactor =
    inertia > 0 ? (todayNanos + inertia) / (expectedToday * (1 - shareLeft) + inertia) : 1;

  /** Hour by hour until the end of a window. */
  function ahead(end: Date, roomNanos: number) {
    let sum = 0;
    let variance = 0;
    let runsOutMs: number | undefined;
    for (let index = 0, day = today; startOfDay(day) < end; index += 1, day = addDays(day, 1)) {
      const isToday = index === 0;
      const ofDay = expectedOn(day, index) * (isToday ? todayFactor : 1);
      variance += (deviation * Math.max(ofDay, mean * level)) ** 2 * (isToday ? shareLeft : 1);
      for (const [hour, share] of (profiles[weekdayOf(day)] ?? []).entries()) {
        const left = isToday ? leftOf(hour) : 1;
        const more = ofDay * share * left;
        if (runsOutMs === undefined && more > 0 && sum + more >= roomNanos) {
          const within = 1 - left + ((roomNanos - sum) / more) * left;
          runsOutMs = startOfDay(day).getTime() + Math.floor((hour + within) * HOUR_MS);
        }
        sum += more;
      }
    }
    const daysLeft = (end.getTime() - now.getTime()) / DAY_MS;
    const ofLevel = (deviation * sum) / Math.sqrt(LEVEL_DAYS);
    // Half of a surge may be over as soon as it came.
    const margin = CERTAIN * Math.sqrt(variance + ofLevel ** 2) + (surge * daysLeft) / 2;
    return { sum, margin, runsOutMs };
  }

  return {
    forecast({ window, limit }, spentNanos) {
      if ((window !== 'day' && window !== 'month') || spentNanos >= limit) return undefined;
      const end = windowEnd(window, now);
      const { sum, margin, runsOutMs } = ahead(end, limit - spentNanos);
      const expectedNanos = spentNanos + Math.round(sum);
      if (runsOutMs === undefined) return { kind: 'lasts', expectedNanos };
      if (spentNanos + sum - margin < limit) return { kind: 'close', expectedNanos };
      const at = new Date(Math.min(Math.max(runsOutMs, now.getTime()), end.getTime() - 1));
      return { kind: 'runs-out', at, expectedNanos };
    },
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
