import * as z from 'zod';
import type { Alert } from '../alerts/alert.js';
import type { Quota } from '../quotas/quota.js';
import { SpendHistorySchema } from './spend-history.js';

const FORMER_SCOPE = /^workspace#[^#]+#/;

export const SpendStateSchema = z.object({
  /** Alerts that were sent, by key, each with the instant until which it is not sent again. */
  sent: z.record(z.string(), z.iso.datetime()).transform(withoutNames),
  /** What was metered of the month when the day began, where only the month is metered. */
  opening: z
    .object({
      day: z.iso.date(),
      meteredNanos: z.number(),
      /** The part that was spent with the keys of other workspaces. */
      borrowedNanos: z.number().optional(),
    })
    .optional(),
  /** The limits of days and months that were checked, each until it is not checked again. */
  budgets: z
    .record(z.string(), z.object({ limitNanos: z.number(), until: z.iso.datetime() }))
    .optional(),
  /** Since when Mistral's report cannot be read. */
  unreadableSince: z.iso.datetime().optional(),
  history: SpendHistorySchema.optional(),
});

/** Keys of budgets once began with the workspace's name, which may change. */
function withoutNames(sent: Record<string, string>): Record<string, string> {
  const kept = Object.entries(sent).map(([key, until]) => [key.replace(FORMER_SCOPE, ''), until]);
  return Object.fromEntries(kept);
}

/** What one run of the spend monitor leaves for the next. */
export type SpendState = Readonly<z.infer<typeof SpendStateSchema>>;

export const NO_ALERTS: SpendState = { sent: {} };

/** What a budget's window is remembered under. */
export function budgetKey({ unit }: Quota, windowName: string): string {
  return `${unit}#${windowName}`;
}

/** Something that is not reported again until an instant. */
export interface Mark {
  readonly key: string;
  readonly until: Date;
}

/** An alert to send, and what is to be remembered once it is sent. */
export interface PendingAlert {
  readonly alert: Alert;
  readonly marks: readonly Mark[];
}

export interface SpendVerdict {
  readonly pending: readonly PendingAlert[];
  /** To be remembered in any case. */
  readonly state: SpendState;
}

export function wasSent({ sent }: SpendState, key: string, now: Date): boolean {
  const until = sent[key];
  return until !== undefined && until > now.toISOString();
}

/** Remembers what was sent, and forgets what is over. */
export function markSent(
  state: SpendState,
  sent: readonly Pick<PendingAlert, 'marks'>[],
  now: Date,
): SpendState {
  const marks = sent.flatMap((one) => one.marks);
  if (marks.length === 0) return state;
  const kept = Object.entries(state.sent).filter(([key]) => wasSent(state, key, now));
  const added = marks.map(({ key, until }) => [key, until.toISOString()]);
  return { ...state, sent: Object.fromEntries([...kept, ...added]) };
}
