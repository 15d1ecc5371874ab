import type { ListedKey, MistralModel } from '../mistral/mistral.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';

/** How long Mistral may refuse a key that it has just created. */
export const YOUNG_KEY_SECONDS = 600;

/** What is known about a key at the moment it is judged. */
export interface KeyHealthFacts {
  readonly now: Date;
  readonly accepted: boolean;
  readonly createdAt: Date;
  /** The key as Mistral lists it; `undefined` once it is gone. */
  readonly listed: Pick<ListedKey, 'expiresOn'> | undefined;
  readonly spendLimitReached: boolean;
}

export type KeyHealth =
  | { readonly kind: 'works' }
  | { readonly kind: 'bad'; readonly reason: string }
  | { readonly kind: 'undecided'; readonly reason: string; readonly young: boolean };

/**
 * Reads a refusal. Mistral answers the same bare 401 for a revoked key, one not active yet, an
 * exhausted quota and a suspended workspace: only what proves the key itself bad counts as bad.
 */
export function judgeKeyHealth(facts: KeyHealthFacts): KeyHealth {
  if (facts.accepted) return { kind: 'works' };
  if (!facts.listed) return { kind: 'bad', reason: 'Mistral no longer lists the key' };
  if (hasExpired(facts.listed.expiresOn, facts.now)) {
    return { kind: 'bad', reason: `the key expired on ${facts.listed.expiresOn}` };
  }
  if (facts.spendLimitReached) {
    return {
      kind: 'undecided',
      young: false,
      reason: "the organization's monthly spend limit is reached, so Mistral refuses good keys too",
    };
  }
  const ageSeconds = Math.floor((facts.now.getTime() - facts.createdAt.getTime()) / 1000);
  if (ageSeconds < YOUNG_KEY_SECONDS) {
    return {
      kind: 'undecided',
      young: true,
      reason: `Mistral refuses the key ${ageSeconds} s after creating it, which it may do for ${YOUNG_KEY_SECONDS} s`,
    };
  }
  return {
    kind: 'bad',
    reason: `Mistral refuses the key ${ageSeconds} s after creating it, although it lists it and no limit is reached`,
  };
}

/** A key is accepted through the day of its expiry, as far as Mistral documents it. */
export function hasExpired(expiresOn: IsoDate | undefined, now: Date): boolean {
  return expiresOn !== undefined && expiresOn < utcDay(now);
}

/** The models a policy names one by one that a key does not get to see, under id or alias. */
export function missingModels(
  named: '*' | readonly string[],
  available: readonly MistralModel[],
): readonly string[] {
  if (named === '*') return [];
  const known = new Set(available.flatMap(({ id, aliases }) => [id, ...aliases]));
  return named.filter((model) => !known.has(model));
}
