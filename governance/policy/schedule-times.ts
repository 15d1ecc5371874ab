import { DAY_MS, HOUR_MS, MINUTE_MS } from '../platform/utc-day.js';
import {
  type CalendarDay,
  type CronSchedule,
  calendarDay,
  daysFrom,
  type Schedule,
} from './schedule.js';

/** A time of a schedule that clock changes skip, or let come twice. */
export interface ClockChange {
  readonly kind: 'skipped' | 'repeated';
  /** `2027-03-28` and `02:00`, as the clocks of the zone show them. */
  readonly date: string;
  readonly time: string;
}

const LONGEST_PAUSE_DAYS = 366 * 41; // 29 February on one weekday comes every 28 years, or 40 around 2100

/**
 * When EventBridge Scheduler runs a schedule next. A local time that clocks skip does not run; of one
 * that they show twice, the first runs. `undefined` where the schedule has ended.
 */
export function nextRun(schedule: Schedule, timezone: string, after: Date): Date | undefined {
  if (schedule.kind === 'rate') return new Date(after.getTime() + schedule.everyMs);
  const zone = zoneOf(timezone);
  for (const date of daysFrom(zone.dayOf(after.getTime()), LONGEST_PAUSE_DAYS)) {
    if (!schedule.isOn(date)) continue;
    const runs = timesOf(schedule).flatMap((minute) => zone.instantsOf(date, minute).slice(0, 1));
    // In order of time, which local times are not where clocks go back.
    const next = runs.filter((at) => at > after.getTime()).sort((one, other) => one - other)[0];
    if (next !== undefined) return new Date(next);
  }
  return undefined;
}

/** The times of a schedule in the days from an instant on that are not exactly one instant. */
export function clockChanges(
  schedule: Schedule,
  timezone: string,
  from: Date,
  days: number,
): ClockChange[] {
  if (schedule.kind === 'rate') return [];
  const zone = zoneOf(timezone);
  return [...daysFrom(zone.dayOf(from.getTime()), days)]
    .filter((date) => schedule.isOn(date) && zone.changesOn(date))
    .flatMap((date) =>
      timesOf(schedule).flatMap((minute): ClockChange[] => {
        const { length } = zone.instantsOf(date, minute);
        if (length === 1) return [];
        const kind = length === 0 ? 'skipped' : 'repeated';
        return [{ kind, ...textOf(date, minute) }];
      }),
    );
}

/** Minutes of the day. */
function timesOf({ hours, minutes }: CronSchedule): number[] {
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

function textOf(date: CalendarDay, minute: number): Pick<ClockChange, 'date' | 'time'> {
  const text = new Date(localMs(date, minute)).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 16) };
}

/** A local time as if it were one of UTC. */
function localMs({ year, month, day }: CalendarDay, minute: number): number {
  return Date.UTC(year, month - 1, day) + minute * MINUTE_MS;
}

export type Zone = ReturnType<typeof zoneOf>;

/** The clocks of an IANA time zone. */
export function zoneOf(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

  function localOf(ms: number): number {
    // `10/25/2026, 02:30:00`; as parts it would take three times as long.
    const [month = 0, day = 0, year = 0, ...time] = format.format(ms).split(/\D+/).map(Number);
    const [hour, minute, second] = time;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  const offsetAt = (ms: number): number => localOf(ms) - ms;

  /** Of each midnight of UTC, which days beside each other ask for. */
  const midnightOffsets = new Map<number, number>();
  function midnightOffset(ms: number): number {
    const offset = midnightOffsets.get(ms) ?? offsetAt(ms);
    midnightOffsets.set(ms, offset);
    return offset;
  }

  /** The offsets within a day of a local time, which are what it can have. */
  const offsetsAround = (local: number): number[] => [
    ...new Set([offsetAt(local - DAY_MS - HOUR_MS), offsetAt(local + DAY_MS + HOUR_MS)]),
  ];

  return {
    /** What its clocks show, as if it were a time of UTC. */
    localOf,

    dayOf: (ms: number): CalendarDay => calendarDay(new Date(localOf(ms))),

    /** Whether clocks change on that day or on one beside it. */
    changesOn(date: CalendarDay): boolean {
      const midnight = localMs(date, 0);
      return midnightOffset(midnight - DAY_MS) !== midnightOffset(midnight + 2 * DAY_MS);
    },

    /** When clocks show a local time: never, once or twice, in order. */
    instantsOf(date: CalendarDay, minute: number): number[] {
      const local = localMs(date, minute);
      return offsetsAround(local)
        .map((offset) => local - offset)
        .filter((ms) => localOf(ms) === local)
        .sort((one, other) => one - other);
    },
  };
}
