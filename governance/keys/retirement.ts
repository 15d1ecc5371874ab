import * as z from 'zod';
import type { ListedKey } from '../mistral/mistral.js';
import { addDays, daysBetween, type IsoDate, startOfDay, utcDay } from '../platform/utc-day.js';
import type { RotationPolicy } from '../policy/policy.js';
import type { KeyHealth } from './key-health.js';

const RetiringKeySchema = z.object({
  /** ARN of the secret that held the key in charge. */
  secretId: z.string().min(1),
  /** The secret's name, for people. */
  secretName: z.string().min(1),
  workspace: z.string().min(1),
  oldKeyId: z.string().min(1),
  oldVersionId: z.string().min(1),
  /** When the new key was promoted, or the old one was found removed from the policy. */
  promotedAt: z.iso.datetime(),
  /** When to look at the old key first; in the past means at once. */
  checkAt: z.iso.datetime(),
  rules: z.object({
    quietDays: z.int().min(0),
    maxDrainDays: z.int().min(0),
    onDrainTimeout: z.enum(['hold', 'revoke']),
  }),
});

export const ReplacedKeySchema = RetiringKeySchema.extend({
  // Flows that were started before keys could be removed say no reason.
  reason: z.literal('replaced').default('replaced'),
  newKeyId: z.string().min(1),
  newVersionId: z.string().min(1),
  /** Somebody else may have the old key, so that its end waits for nobody. */
  why: z.literal('compromised').optional(),
});

const RemovedKeySchema = RetiringKeySchema.extend({ reason: z.literal('removed') });

/** Input of the retirement state machine: ids and dates, never a key. */
export const RetirementSchema = z.discriminatedUnion('reason', [
  ReplacedKeySchema,
  RemovedKeySchema,
]);

/** What a visit finds of the one before in the state of the flow. */
export const VisitBeforeSchema = z.object({
  verdict: z.object({ newKeyIsBad: z.boolean().default(false) }).optional(),
});

export type ReplacedKey = z.infer<typeof ReplacedKeySchema>;
export type RemovedKey = z.infer<typeof RemovedKeySchema>;
export type Retirement = ReplacedKey | RemovedKey;
export type RetirementRules = Retirement['rules'];

/** What is known about an old key, and its replacement if there is one, when the flow looks. */
export interface RetirementFacts {
  readonly now: Date;
  readonly promotedAt: Date;
  /**
   * Whose key is in charge: ours, the old one again, that of a later rotation, or none since the
   * policy has no such key any more.
   */
  readonly current: 'new' | 'old' | 'later' | 'none';
  /** The old key as Mistral lists it; `undefined` once it is gone. */
  readonly oldKey: Pick<ListedKey, 'lastUsedOn'> | undefined;
  /** Judged only while AWSCURRENT is ours: a later flow answers for a later key. */
  readonly newKey: KeyHealth | undefined;
  /** Whether the visit before found the new key bad too. */
  readonly wasBad: boolean;
  /** Asked only when the new key is bad again, since asking counts as a use of the old one. */
  readonly oldKeyAccepted: boolean | undefined;
}

export type RetirementVerdict =
  | { readonly kind: 'revoke'; readonly lastUsedOn: IsoDate | null }
  | {
      readonly kind: 'wait';
      readonly checkAt: string;
      readonly reason: string;
      /** For the next visit: this one found the new key bad. */
      readonly newKeyIsBad?: true;
    }
  | { readonly kind: 'in-use'; readonly checkAt: string; readonly lastUsedOn: IsoDate }
  | { readonly kind: 'hold'; readonly checkAt: string; readonly lastUsedOn: IsoDate }
  | { readonly kind: 'roll-back'; readonly reason: string }
  | { readonly kind: 'both-refused'; readonly checkAt: string; readonly reason: string }
  | { readonly kind: 'keep' }
  | { readonly kind: 'already-revoked' };

/** Mistral's `last_used` may trail a use by this long, so a day is read an hour after its end. */
const USE_REPORT_LAG_MS = 3_600_000;

/**
 * Decides what becomes of an old key. It is revoked once it went unused for `quietDays` full
 * UTC days, however long that takes; until then it stays, and past `maxDrainDays` the rules decide.
 */
export function judgeRetirement(facts: RetirementFacts, rules: RetirementRules): RetirementVerdict {
  const { now, oldKey, newKey } = facts;
  if (facts.current === 'old') return { kind: 'keep' };
  if (newKey?.kind === 'bad') {
    const { reason } = newKey;
    // One refusal may be Mistral's bad moment, and a roll-back deletes the key that services hold.
    if (!facts.wasBad) {
      return { kind: 'wait', checkAt: minutesAfter(now, 10), reason, newKeyIsBad: true };
    }
    return facts.oldKeyAccepted
      ? { kind: 'roll-back', reason }
      : { kind: 'both-refused', checkAt: dayCheck(now, 1), reason };
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
      : { kind: 'hold', checkAt: dayCheck(now, 1), lastUsedOn };
  }
  if (lastUsedOn > utcDay(facts.promotedAt)) {
    return { kind: 'in-use', checkAt: dayCheck(now, 1), lastUsedOn };
  }
  return {
    kind: 'wait',
    checkAt: dayCheck(startOfDay(lastUsedOn), rules.quietDays + 1),
    reason: `the old key was last used on ${lastUsedOn}`,
  };
}

/** When an old key that is still used stops being only watched. */
export function drainEnd(promotedAt: Date, rules: RetirementRules): Date {
  return new Date(promotedAt.getTime() + rules.maxDrainDays * 86_400_000);
}

/**
 * When to look at an old key first: once the slowest reader's cache has run out, `quietDays` full
 * UTC days have followed and Mistral has had time to report them.
 */
export function firstCheckAt(
  promotedAt: Date,
  { readerCacheSeconds, quietDays }: Pick<RotationPolicy, 'readerCacheSeconds' | 'quietDays'>,
): string {
  const lastReader = new Date(promotedAt.getTime() + readerCacheSeconds * 1000);
  return dayCheck(lastReader, quietDays + 1);
}

/** The same retirement with nothing to wait for: a person has decided, in use or not. */
export function revokeAtOnce(retirement: Retirement, at: Date): Retirement {
  return {
    ...retirement,
    checkAt: at.toISOString(),
    rules: { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' },
  };
}

/** The rules of a policy, as a flow keeps them to its end. */
export function retirementRules(rotation: RotationPolicy): RetirementRules {
  const { quietDays, maxDrainDays, onDrainTimeout } = rotation;
  return { quietDays, maxDrainDays, onDrainTimeout };
}

/** When to look again after whole days: once Mistral has had time to report the last of them. */
export function dayCheck(from: Date, days: number): string {
  const day = startOfDay(addDays(utcDay(from), days));
  return new Date(day.getTime() + USE_REPORT_LAG_MS).toISOString();
}

function minutesAfter(now: Date, minutes: number): string {
  return new Date(now.getTime() + minutes * 60_000).toISOString();
}
