import { addDays, daysBetween, type IsoDate } from '../platform/utc-day.js';

/** Something that is still so, and when on-call first and last heard of it. */
export interface Reminded {
  readonly openedOn: IsoDate;
  readonly lastNotifiedOn: IsoDate;
}

/** What has been so for weeks is known, and has not been urgent. */
const LONGEST_WAIT_DAYS = 28;

/** The day of the next reminder: each wait is twice as long as the one before, up to four weeks. */
export function nextReminderOn(
  { openedOn, lastNotifiedOn }: Reminded,
  firstWaitDays: number,
): IsoDate {
  const doubled = daysBetween(openedOn, lastNotifiedOn) + firstWaitDays;
  const wait = Math.max(firstWaitDays, Math.min(doubled, LONGEST_WAIT_DAYS));
  return addDays(lastNotifiedOn, wait);
}
