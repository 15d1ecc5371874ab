import { countText } from '../platform/wording.js';
import type { AuditPolicy, Policy } from './policy.js';
import { LONGEST_WATCHED_DAYS, longestPauseDays, parseSchedule } from './schedule.js';
import { type ClockChange, clockChanges, nextRun } from './schedule-times.js';
import type { Warnings } from './warning.js';

const DAYS_AHEAD = 731;
/** A test looks at all zones. */
const NEVER_SKIPPED = 'no time zone skips 04:00';

/** What is unexpected about the times at which a valid schedule runs, in the next two years. */
export function* scheduleWarnings({ audit }: Policy, now: Date): Warnings {
  for (const message of unexpectedTimes(audit, now)) {
    const path = ['audit', 'schedule'];
    yield { id: 'audit-schedule', subject: audit.schedule, path, message };
  }
}

function unexpectedTimes({ schedule: expression, timezone }: AuditPolicy, now: Date): string[] {
  const schedule = parseSchedule(expression);
  if (!('kind' in schedule)) return [];
  if (nextRun(schedule, timezone, now) === undefined) {
    return [`${expression} has ended, and no audit runs any more`];
  }
  const pause = longestPauseDays(schedule);
  const changes = clockChanges(schedule, timezone, now, DAYS_AHEAD);
  const [skipped, repeated] = (['skipped', 'repeated'] as const).map((kind) =>
    firstOf(changes.filter((change) => change.kind === kind)),
  );
  const on = ({ date }: ClockChange) => `on ${date} clocks in ${timezone}`;
  return [
    ...(pause >= LONGEST_WATCHED_DAYS
      ? [
          `up to ${pause} days pass between two audits, and the alarm governance-audit-missed goes off after ${LONGEST_WATCHED_DAYS} days without one`,
        ]
      : []),
    ...(skipped
      ? [
          `${on(skipped)} skip ${skipped.time}, and no audit runs then${also('nor', skipped)}; ${NEVER_SKIPPED}`,
        ]
      : []),
    ...(repeated
      ? [
          `${on(repeated)} show ${repeated.time} twice, and the audit runs once${also('also', repeated)}`,
        ]
      : []),
  ];
}

interface FirstChange extends ClockChange {
  readonly moreDays: number;
}

function firstOf([first, ...later]: readonly ClockChange[]): FirstChange | undefined {
  if (first === undefined) return undefined;
  const dates = new Set(later.map(({ date }) => date));
  dates.delete(first.date);
  return { ...first, moreDays: dates.size };
}

function also(word: string, { moreDays }: FirstChange): string {
  return moreDays > 0 ? `, ${word} on ${countText(moreDays, 'more day')} in two years` : '';
}
