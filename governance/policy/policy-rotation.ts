import * as z from 'zod';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const TimeSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, {
  error: 'must be a time of day from 00:00 to 24:00, in quotes, such as "09:30"',
});

/** When keys may change: from the one time, on each of these days, to the other, which may be of the next day. */
const WindowSchema = z.strictObject({
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .default([...WEEKDAYS]),
  from: TimeSchema,
  to: TimeSchema,
});

const FreezeEndSchema = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: 'must be a day such as 2026-12-18, or an instant such as 2026-12-18T18:00:00+01:00',
});

/** While no key changes, but for those that must. */
const FreezeSchema = z.strictObject({
  from: FreezeEndSchema,
  /** The last day, or the instant at which it ends. */
  to: FreezeEndSchema,
  reason: z.string().max(200).regex(/\S/, { error: 'must say why no key changes' }),
});

export const RotationSchema = z.strictObject({
  /** How long the slowest reader may cache a secret. */
  readerCacheSeconds: z.int().min(0).max(604_800).default(3600),
  /** Full UTC days without use before a replaced key is revoked. */
  quietDays: z.int().min(1).max(90).default(1),
  /** How long after a rotation a replaced key may stay in use before `onDrainTimeout` applies. */
  maxDrainDays: z.int().min(1).max(90).default(7),
  onDrainTimeout: z.enum(['hold', 'revoke']).default('hold'),
  /** @default rotateEveryDays + maxDrainDays + 14, for each key */
  expireAfterDays: z.int().min(2).max(1200).optional(),
  /** How many rotations may run at a time, and how many may begin within an hour, before first ones wait. */
  atOnce: z.int().min(1).max(100).default(10),
  perHour: z.int().min(1).max(1000).default(30),
  /** An IANA time zone, in which `window` and the days of `freeze` are read. */
  timezone: z
    .string()
    .refine(isZone, { error: 'must be an IANA time zone such as Europe/Paris' })
    .default('UTC'),
  /** @default at any time */
  window: WindowSchema.optional(),
  freeze: z.array(FreezeSchema).max(100).default([]),
});

/** JavaScript takes offsets too, which have no clock changes. */
function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
