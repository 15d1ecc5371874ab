import { addDays, type IsoDate, utcDay } from '../platform/utc-day.js';
import { windowName } from '../quotas/quota-window.js';
import { HOURS, NANOS_PER_MICRO, sumOf } from './spend-history.js';
import type { SpendState } from './spend-state.js';
import { billedInWindow } from './spend-status.js';
import {
  type MeteredQuota,
  meteredToday,
  openingNanos,
  type WorkspaceSpend,
} from './workspace-spend.js';

/** Twelve weeks: two ends of months and the weeks before them, wherever in a month one looks. */
export const KEPT_DAYS = 84;

const NOTHING: readonly number[] = [];

/** What was spent on a day until one of its hours began. */
interface DayReading {
  readonly day: IsoDate;
  readonly hours: number;
  readonly nanos: number;
}

/** What a run leaves for the next, and what is known of today: `undefined` where a part is missing. */
export function noteSpend(
  spend: WorkspaceSpend,
  before: SpendState,
  state: SpendState,
  now: Date,
): { readonly state: SpendState; readonly todayNanos: number | undefined } {
  const hasForecast = ({ quota: { window } }: MeteredQuota) =>
    window === 'day' || window === 'month';
  if (!spend.budgets.some(hasForecast)) return { state, todayNanos: undefined };
  const today = utcDay(now);
  const todayNanos = knownToday(spend, openingNanos(state, now), now);
  const readings = [
    ...daysBefore(spend, before, state, now),
    ...(todayNanos === undefined
      ? []
      : [{ day: today, hours: now.getUTCHours(), nanos: todayNanos }]),
  ];
  let isNew = false;
  const noted: Record<IsoDate, readonly number[]> = { ...state.history };
  for (const { day, hours, nanos } of readings) {
    const known = noted[day] ?? NOTHING;
    noted[day] = withReading(known, hours, Math.round(nanos / NANOS_PER_MICRO));
    isNew ||= noted[day] !== known;
  }
  if (!isNew) return { state, todayNanos };
  const oldest = addDays(today, -KEPT_DAYS);
  const kept = Object.entries(noted).filter(([day, hours]) => day >= oldest && hours.length > 0);
  if (kept.length === 0) return { state, todayNanos };
  return { state: { ...state, history: Object.fromEntries(kept) }, todayNanos };
}

/** What is new since the last reading is spread over the hours since; what came late, over the day. */
function withReading(known: readonly number[], hours: number, micros: number): readonly number[] {
  const sum = sumOf(known);
  const more = Math.max(0, micros - sum);
  const since = hours - known.length;
  if (since > 0) return [...known, ...Array<number>(since).fill(Math.round(more / since))];
  // A day that is over is corrected by what Mistral bills late, and rounding is no correction.
  if (hours < HOURS || more <= HOURS) return known;
  return known.map((hour) => Math.round(sum > 0 ? hour * (micros / sum) : micros / HOURS));
}

function* daysBefore(
  spend: WorkspaceSpend,
  before: SpendState,
  after: SpendState,
  now: Date,
): Generator<DayReading> {
  const metered = spend.isMetered ? meteredYesterday(spend, before, after, now) : undefined;
  if (metered !== undefined) {
    yield { day: addDays(utcDay(now), -1), hours: HOURS, nanos: metered };
  }
  for (const { billed } of [...spend.closed, spend]) {
    yield* billedDays(billed, utcDay(now));
  }
}

/** In its own counter as it closed; else what the month had more at the end of the day. */
function meteredYesterday(
  { closed }: WorkspaceSpend,
  before: SpendState,
  after: SpendState,
  now: Date,
): number | undefined {
  const yesterday = addDays(utcDay(now), -1);
  const ended = closed.find(({ at }) => utcDay(at) === yesterday)?.budgets ?? [];
  const settledOf = (window: string) => ended.find(({ quota }) => quota.window === window)?.settled;
  const day = settledOf('day');
  const opened = before.opening?.day === yesterday ? before.opening.meteredNanos : undefined;
  if (day !== undefined || opened === undefined) return day;
  const isSameMonth = windowName('month', now) === yesterday.slice(0, 7);
  const until = isSameMonth ? openingNanos(after, now) : settledOf('month');
  return until === undefined ? undefined : until - opened;
}

/** The days before today of a report. One whose rows have no days says nothing of them. */
function* billedDays(billed: WorkspaceSpend['billed'], today: IsoDate): Generator<DayReading> {
  const first = [...(billed?.nanosByDay.keys() ?? [])][0];
  if (!billed || first === undefined) return;
  for (let day = `${first.slice(0, 7)}-01`; day < today; day = addDays(day, 1)) {
    if (day.slice(0, 7) !== first.slice(0, 7)) return;
    yield { day, hours: HOURS, nanos: billed.nanosByDay.get(day) ?? 0 };
  }
}

/** The larger of metered and billed; `undefined` where a part of the day is missing. */
function knownToday(
  spend: WorkspaceSpend,
  opening: number | undefined,
  now: Date,
): number | undefined {
  const billed = spend.billed && billedInWindow(spend.billed, 'day', now);
  const metered = spend.isMetered ? meteredToday(spend, opening) : billed;
  return metered === undefined ? undefined : Math.max(metered, billed ?? 0);
}
