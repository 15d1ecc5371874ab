import * as z from 'zod';
import { nextReminderOn } from '../alerts/reminder.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';

/** Verdicts that ask for what a person has to do, and hold until it is done. Other alerts are not held back. */
const REMINDED = ['key-in-use', 'approval-needed', 'deletion-needed'] as const;

type RemindedKind = (typeof REMINDED)[number];

/** When a retirement first and last notified on-call of a verdict. */
export const NotifiedSchema = z.object({
  of: z.enum(REMINDED),
  openedOn: z.iso.date(),
  lastNotifiedOn: z.iso.date(),
});

export type Notified = z.infer<typeof NotifiedSchema>;

/** In the state of the flow, after a check. What could not be sent has an error in its place: nothing was sent. */
const CheckedSchema = z.object({
  verdict: z.object({ notified: NotifiedSchema.optional().catch(undefined) }).optional(),
});

/** A check of a day without a reminder: the flow waits for the next one, and notifies no one. */
export interface SilentVerdict {
  readonly kind: 'wait';
  readonly checkAt: string;
  readonly reason: string;
  readonly notified: Notified;
}

type Noted<Verdict> = Verdict & { readonly notified?: Notified };

const FIRST_WAIT_DAYS = 1;

/**
 * The verdict as it is on the days of reminders, and a wait on the others: the key is checked every day, and on-call
 * is notified after waits that grow. `event` is the state of the flow.
 */
export function onReminderDays<
  Verdict extends { readonly kind: string; readonly checkAt?: string },
>(verdict: Verdict, event: unknown, now: Date): Noted<Verdict> | SilentVerdict {
  const { kind, checkAt } = verdict;
  if (!isReminded(kind) || checkAt === undefined) return verdict;
  const today = utcDay(now);
  const last = CheckedSchema.parse(event).verdict?.notified;
  // An input that someone wrote may say anything; what was not sent yet was not sent.
  const before = last?.of === kind && last.lastNotifiedOn <= today ? last : undefined;
  if (before && today < nextReminder(before)) {
    const reason = `on-call was notified of ${kind} on ${before.lastNotifiedOn}`;
    return { kind: 'wait', checkAt, reason, notified: before };
  }
  const openedOn = before?.openedOn ?? today;
  return { ...verdict, notified: { of: kind, openedOn, lastNotifiedOn: today } };
}

export function nextReminder(notified: Pick<Notified, 'openedOn' | 'lastNotifiedOn'>): IsoDate {
  return nextReminderOn(notified, FIRST_WAIT_DAYS);
}

function isReminded(kind: string): kind is RemindedKind {
  return REMINDED.some((reminded) => reminded === kind);
}
