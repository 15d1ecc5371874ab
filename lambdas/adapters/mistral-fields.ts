import * as z from 'zod';

const DAY = /^\d{4}-\d\d-\d\d(?!\d)/;
const ZONE = /(?:z|[+-]\d\d:?\d\d)$/i;

/** A date-time; one without a zone is in UTC. */
export const InstantSchema = z.string().transform((text, context) => {
  const at = new Date(text.length === 10 || ZONE.test(text) ? text : `${text}Z`);
  if (DAY.test(text) && !Number.isNaN(at.getTime())) return at;
  context.issues.push({ code: 'custom', message: 'expected a date-time', input: text });
  return z.NEVER;
});

/** A date, or the date of a date-time. */
export const DaySchema = z.string().transform((text, context) => {
  const day = text.slice(0, 10);
  if (DAY.test(text) && !Number.isNaN(Date.parse(day))) return day;
  context.issues.push({ code: 'custom', message: 'expected a date', input: text });
  return z.NEVER;
});
