import * as z from 'zod';
import type { IsoDate } from '../platform/utc-day.js';

export const HOURS = 24;

export const NANOS_PER_MICRO = 1_000;

/**
 * What a workspace spent in each hour of its last days, in millionths of its currency, as far as it is
 * known: a day that is over has 24 hours. It is noted by the runs of the spend monitor, which reads
 * nothing more for it, and written once an hour.
 */
export const SpendHistorySchema = z.record(z.iso.date(), z.array(z.number()).max(HOURS).readonly());

export type SpendHistory = Readonly<Record<IsoDate, readonly number[]>>;

export function sumOf(hours: readonly number[]): number {
  return hours.reduce((sum, hour) => sum + hour, 0);
}
