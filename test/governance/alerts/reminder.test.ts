import { expect, test } from 'vitest';
import { nextReminderOn } from '../../../governance/alerts/reminder.js';
import { addDays, daysBetween } from '../../../governance/platform/utc-day.js';

const openedOn = '2026-03-01';

/** The days after the first message on which a reminder is sent. */
function reminders(firstWaitDays: number, until: number): number[] {
  const days: number[] = [];
  let lastNotifiedOn = openedOn;
  while (true) {
    lastNotifiedOn = nextReminderOn({ openedOn, lastNotifiedOn }, firstWaitDays);
    const day = daysBetween(openedOn, lastNotifiedOn);
    if (day > until) return days;
    days.push(day);
  }
}

test.each([
  [1, [1, 3, 7, 15, 31, 59, 87]],
  [7, [7, 21, 49, 77]],
  [20, [20, 48, 76]],
  [28, [28, 56, 84]],
  [60, [60]],
])('with a first wait of %i days, reminders in a hundred days come after %j', (first, days) => {
  expect(reminders(first, 99)).toEqual(days);
});

test('a message for another reason moves the next reminder, and shortens no wait', () => {
  const lastNotifiedOn = addDays(openedOn, 10);
  expect(nextReminderOn({ openedOn, lastNotifiedOn }, 7)).toBe(addDays(openedOn, 27));
});
