import * as z from 'zod';
import type { Alert } from '../alerts/alert.js';

export const SpendStateSchema = z.object({
  /** What was told, each with the instant until which it is not told again. */
  told: z.record(z.string(), z.iso.datetime()),
  /** What was metered of the month when the day began, where only a month is metered. */
  opening: z.object({ day: z.iso.date(), meteredNanos: z.number() }).optional(),
  /** Since when Mistral's report cannot be read. */
  unreadableSince: z.iso.datetime().optional(),
});

/** What one look at the spend leaves for the next. */
export type SpendState = Readonly<z.infer<typeof SpendStateSchema>>;

export const NOTHING_TOLD: SpendState = { told: {} };

/** Something to be told once until an instant. */
export interface Mark {
  readonly key: string;
  readonly until: Date;
}

/** An alert, and what is to be remembered once it is out. */
export interface Telling {
  readonly alert: Alert;
  readonly marks: readonly Mark[];
}

export function hasTold({ told }: SpendState, key: string, now: Date): boolean {
  const until = told[key];
  return until !== undefined && until > now.toISOString();
}

/** Remembers what was told, and forgets what is over. */
export function markTold(state: SpendState, marks: readonly Mark[], now: Date): SpendState {
  if (marks.length === 0) return state;
  const kept = Object.entries(state.told).filter(([key]) => hasTold(state, key, now));
  const added = marks.map(({ key, until }) => [key, until.toISOString()]);
  return { ...state, told: Object.fromEntries([...kept, ...added]) };
}
