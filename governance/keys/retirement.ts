import * as z from 'zod';
import type { ListedKey } from '../mistral/mistral.js';
import {
  addDays,
  DAY_MS,
  daysBetween,
  type IsoDate,
  startOfDay,
  utcDay,
} from '../platform/utc-day.js';
import type { RotationPolicy } from '../policy/policy.js';
import type { KeyHealth } from './key-health.js';

/** A command line would read a file of this name, where it is one: the input may be written by hand. */
const NOT_A_FILE = /^(?!(fileb?|https?):)/;

const RetiringKeySchema = z.object({
  /** ARN of the secret that held the key as its current one. */
  secretId: z.string().min(1).regex(NOT_A_FILE),
  /** The secret's name, for people. */
  secretName: z.string().min(1).regex(NOT_A_FILE),
  workspace: z.string().min(1),
  oldKeyId: z.string().min(1),
  oldVersionId: z.string().min(1).regex(NOT_A_FILE),
  /** When the new key was promoted, or the old one was found removed from the policy. */
  promotedAt: z.iso.datetime(),
  /** When to check the old key first; in the past means at once. */
  checkAt: z.iso.datetime(),
  /** The policy's when it was written, for people: see `readRetirement`. */
  rules: z.object({
    quietDays: z.int().min(0),
    maxDrainDays: z.int().min(0),
    onDrainTimeout: z.enum(['hold', 'revoke']),
  }),
  /** An operator approved that the key is revoked, in use or not. */
  approved: z.literal(true).optional(),
});

export const ReplacedKeySchema = RetiringKeySchema.extend({
  // Missing in an input that an operator wrote.
  reason: z.literal('replaced').default('replaced'),
  newKeyId: z.string().min(1),
  newVersionId: z.string().min(1).regex(NOT_A_FILE),
  /** The old key has leaked, so that it is revoked without waiting. */
  why: z.literal('compromised').optional(),
});

const RemovedKeySchema = RetiringKeySchema.extend({ reason: z.literal('removed') });

/** Input of the retirement state machine: ids and dates, never a key. */
export const RetirementSchema = z.discriminatedUnion('reason', [
  ReplacedKeySchema,
  RemovedKeySchema,
]);

/** What became of a new key that was rolled back: deleted, gone without us, or left at Mistral because it is not ours. */
export const LEFTOVER_KEYS = ['deleted', 'gone', 'left'] as const;
export type LeftoverKey = (typeof LEFTOVER_KEYS)[number];

/** What a check finds of the one before it in the state of the flow. */
export const EarlierCheckSchema = z.object({
  verdict: z.object({ rejectedSince: z.iso.datetime().optional() }).optional(),
});

export type ReplacedKey = z.infer<typeof ReplacedKeySchema>;
export type RemovedKey = z.infer<typeof RemovedKeySchema>;
export type Retirement = ReplacedKey | RemovedKey;
export type RetirementRules = Retirement['rules'];

/** What is known about an old key, and its replacement if there is one, at one check of the flow. */
export interface RetirementFacts {
  readonly now: Date;
  readonly promotedAt: Date;
  /**
   * Whose key is current: ours, the old one again, that of a later rotation, or none because the
   * policy no longer has the key.
   */
  readonly current: 'new' | 'old' | 'later' | 'none';
  /** The old key as Mistral lists it; `undefined` once it is gone. */
  readonly oldKey: Pick<ListedKey, 'lastUsedOn'> | undefined;
  /** Judged only while AWSCURRENT is ours: a later flow answers for a later key. */
  readonly newKey: KeyHealth | undefined;
  /** When the check before this one found the new key bad, if it did. */
  readonly rejectedSince: string | undefined;
  /** Asked only when the new key is bad again, since asking counts as a use of the old one. */
  readonly oldKeyAccepted: boolean | undefined;
  /** The version that keeps Secrets Manager from the next rotation, if there is one. */
  readonly unfinished?: string | undefined;
}

/** What to do next. A verdict that on-call only has to hear of is named as the event that notifies. */
export type RetirementVerdict =
  | { readonly kind: 'revoke'; readonly lastUsedOn: IsoDate | null }
  | { readonly kind: 'already-revoked' }
  | {
      readonly kind: 'wait';
      readonly checkAt: string;
      readonly reason: string;
      /** For the next check: this one found the new key bad. */
      readonly rejectedSince?: string;
    }
  | { readonly kind: 'key-in-use'; readonly checkAt: string; readonly lastUsedOn: IsoDate }
  | { readonly kind: 'approval-needed'; readonly checkAt: string; readonly lastUsedOn: IsoDate }
  | { readonly kind: 'roll-back'; readonly reason: string; readonly rejectedSince: string }
  | {
      readonly kind: 'both-keys-rejected';
      readonly checkAt: string;
      readonly reason: string;
      readonly rejectedSince: string;
      readonly unfinished?: string | undefined;
    }
  | { readonly kind: 'kept'; readonly unfinished?: string | undefined };

/** Mistral's `last_used` may trail a use by this long, so a day is read an hour after its end. */
const USE_REPORT_LAG_MS = 3_600_000;

/**
 * Decides what to do with an old key. It is revoked once it went unused for `quietDays` full UTC
 * days, however long that takes; until then it stays, and past `maxDrainDays` the rules decide.
 */
export function judgeRetirement(facts: RetirementFacts, rules: RetirementRules): RetirementVerdict {
  const { now, oldKey, newKey, unfinished } = facts;
  if (facts.current === 'old') return { kind: 'kept', unfinished };
  if (newKey?.kind === 'bad') {
    const { reason } = newKey;
    const { rejectedSince } = facts;
    // One rejection may be a moment of Mistral's, and a rollback deletes the key that services hold.
    if (rejectedSince === undefined) {
      const checkAt = minutesAfter(now, 10);
      return { kind: 'wait', checkAt, reason, rejectedSince: now.toISOString() };
    }
    return facts.oldKeyAccepted
      ? { kind: 'roll-back', reason, rejectedSince }
      : {
          kind: 'both-keys-rejected',
          checkAt: dayCheck(now, 1),
          reason,
          rejectedSince,
          unfinished,
        };
  }
  if (!oldKey) return { kind: 'already-revoked' };
  if (newKey?.kind === 'undecided') {
    const checkAt = newKey.young ? minutesAfter(now, 60) : dayCheck(now, 1);
    return { kind: 'wait', checkAt, reason: newKey.reason };
  }

  const { lastUsedOn } = oldKey;
  if (lastUsedOn === undefined || daysBetween(lastUsedOn, utcDay(now)) > rules.quietDays) {
    return { kind: 'revoke', lastUsedOn: lastUsedOn ?? null };
  }
  if (now >= drainEnd(facts.promotedAt, rules)) {
    return rules.onDrainTimeout === 'revoke'
      ? { kind: 'revoke', lastUsedOn }
      : { kind: 'approval-needed', checkAt: dayCheck(now, 1), lastUsedOn };
  }
  if (lastUsedOn > utcDay(facts.promotedAt)) {
    return { kind: 'key-in-use', checkAt: dayCheck(now, 1), lastUsedOn };
  }
  return {
    kind: 'wait',
    checkAt: dayCheck(startOfDay(lastUsedOn), rules.quietDays + 1),
    reason: `the old key was last used on ${lastUsedOn}`,
  };
}

/** From when on `onDrainTimeout` decides about an old key that is still in use. */
export function drainEnd(promotedAt: Date, rules: RetirementRules): Date {
  return new Date(promotedAt.getTime() + rules.maxDrainDays * DAY_MS);
}

/**
 * When to check an old key first: once the slowest reader's cache has run out, `quietDays` full
 * UTC days have followed and Mistral has had time to report them.
 */
export function firstCheckAt(
  promotedAt: Date,
  { readerCacheSeconds, quietDays }: Pick<RotationPolicy, 'readerCacheSeconds' | 'quietDays'>,
): string {
  const lastReader = new Date(promotedAt.getTime() + readerCacheSeconds * 1000);
  return dayCheck(lastReader, quietDays + 1);
}

/** The input of an execution, and when it started. */
export type StartedRetirement = Retirement & { readonly startedAt: Date };

/** Between the clocks of who starts an execution and of Step Functions. */
const CLOCK_SKEW_MS = 300_000;

/** Whether an execution waits no longer than the policy lets any. */
export function isTimely(
  { promotedAt, checkAt, startedAt }: StartedRetirement,
  rotation: Pick<RotationPolicy, 'readerCacheSeconds' | 'quietDays'>,
): boolean {
  const latest = new Date(startedAt.getTime() + CLOCK_SKEW_MS);
  return (
    new Date(promotedAt) <= latest && new Date(checkAt) <= new Date(firstCheckAt(latest, rotation))
  );
}

/** Whether the old key was replaced because others have it. */
export function isLeaked(retirement: Retirement): retirement is ReplacedKey {
  return retirement.reason === 'replaced' && retirement.why === 'compromised';
}

/** The same retirement with nothing to wait for: an operator approved it, in use or not. */
export function revokeAtOnce(retirement: Retirement, at: Date): Retirement {
  return { ...retirement, checkAt: at.toISOString(), approved: true };
}

const AT_ONCE: RetirementRules = { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' };

/**
 * A retirement by the policy's rules, never by those in the input: any caller of StartExecution writes
 * that. An approval is theirs to give, and says so.
 *
 * @throws ZodError
 */
export function readRetirement(event: unknown, rotation: RotationPolicy): Retirement {
  const retirement = RetirementSchema.parse(event);
  return { ...retirement, rules: retirement.approved ? AT_ONCE : retirementRules(rotation) };
}

/** The rules of a policy. */
export function retirementRules(rotation: RotationPolicy): RetirementRules {
  const { quietDays, maxDrainDays, onDrainTimeout } = rotation;
  return { quietDays, maxDrainDays, onDrainTimeout };
}

/** The next check after whole days: once Mistral has had time to report the last of them. */
export function dayCheck(from: Date, days: number): string {
  const day = startOfDay(addDays(utcDay(from), days));
  return new Date(day.getTime() + USE_REPORT_LAG_MS).toISOString();
}

function minutesAfter(now: Date, minutes: number): string {
  return new Date(now.getTime() + minutes * 60_000).toISOString();
}
