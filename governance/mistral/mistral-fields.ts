import * as z from 'zod';
import type { IsoDate } from '../platform/utc-day.js';

const DAY = /^\d{4}-\d\d-\d\d(?!\d)/;
const ZONE = /(?:z|[+-]\d\d:?\d\d)$/i;

// Checked here and converted by its reader: zod's transforms take longer than parsing a page's JSON.
export const InstantSchema = z
  .string()
  .refine((text) => DAY.test(text) && !Number.isNaN(milliseconds(text)), 'expected a date-time');

/** A date, or a date-time. */
export const DaySchema = z
  .string()
  .refine(
    (text) => DAY.test(text) && !Number.isNaN(Date.parse(text.slice(0, 10))),
    'expected a date',
  );

export function instantOf(text: string | null | undefined): Date | undefined {
  return text ? new Date(milliseconds(text)) : undefined;
}

export function dayOf(text: string | null | undefined): IsoDate | undefined {
  return text?.slice(0, 10);
}

/** A date-time without a zone is in UTC. */
function milliseconds(text: string): number {
  return Date.parse(text.length === 10 || ZONE.test(text) ? text : `${text}Z`);
}
