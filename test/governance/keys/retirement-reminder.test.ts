import { expect, test } from 'vitest';
import { onReminderDays } from '../../../governance/keys/retirement-reminder.js';

const now = new Date('2026-04-10T01:00:00Z');
const checkAt = '2026-04-11T01:00:00.000Z';
const inUse = { kind: 'key-in-use', checkAt, lastUsedOn: '2026-04-09' } as const;
const notified = {
  of: 'key-in-use',
  openedOn: '2026-04-03',
  lastNotifiedOn: '2026-04-06',
} as const;
const after = (verdict: object) => ({ verdict });

test('a verdict that holds for the first time notifies, and says when', () => {
  const today = { of: 'key-in-use', openedOn: '2026-04-10', lastNotifiedOn: '2026-04-10' };
  expect(onReminderDays(inUse, {}, now)).toEqual({ ...inUse, notified: today });
});

test('until the day of the reminder the flow waits, and remembers', () => {
  const event = after({ ...inUse, notified });
  const silent = {
    kind: 'wait',
    checkAt,
    reason: 'on-call was notified of key-in-use on 2026-04-06',
    notified,
  };
  expect(onReminderDays(inUse, event, new Date('2026-04-09T01:00:00Z'))).toEqual(silent);
  expect(onReminderDays(inUse, after(silent), new Date('2026-04-09T23:00:00Z'))).toEqual(silent);
  expect(onReminderDays(inUse, after(silent), now)).toEqual({
    ...inUse,
    notified: { ...notified, lastNotifiedOn: '2026-04-10' },
  });
});

test.each([
  ['another verdict was notified of', { ...notified, of: 'approval-needed' }],
  [
    'the day is not over yet, as an input by hand may say',
    { ...notified, lastNotifiedOn: '2099-01-01' },
  ],
  ['the alert could not be sent', { Error: 'KMSAccessDeniedException', Cause: '{}' }],
  ['nothing is known', undefined],
  ['it is not what we write', 'soon'],
])('it notifies at once where %s', (_why, before) => {
  expect(onReminderDays(inUse, after({ ...inUse, notified: before }), now).kind).toBe('key-in-use');
});

test.each([
  { kind: 'both-keys-rejected', checkAt, reason: 'gone', rejectedSince: checkAt },
  { kind: 'current-key-rejected', checkAt, oldKey: 'accepted' },
  { kind: 'revoke', lastUsedOn: null },
  { kind: 'kept' },
  { kind: 'wait', checkAt, reason: 'the old key was last used on 2026-04-09' },
])('what fails requests, ends the flow or notifies no one stays as it is: $kind', (verdict) => {
  expect(onReminderDays(verdict, after({ ...verdict, notified }), now)).toBe(verdict);
});
