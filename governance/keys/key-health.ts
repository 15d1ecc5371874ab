import type { ListedKey, MistralModel } from '../mistral/mistral.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';
import { durationText, listText } from '../platform/wording.js';
import type { Workspace } from '../policy/policy.js';

/** How long Mistral may reject a key that it has just created. */
const YOUNG_KEY_MS = 600_000;

/** What is known about a key that Mistral rejects. */
export interface RejectionFacts {
  readonly now: Date;
  readonly createdAt: Date;
  /** The key as Mistral lists it; `undefined` once it is gone. */
  readonly listed: Pick<ListedKey, 'expiresOn'> | undefined;
  readonly spendLimitReached: boolean;
}

export type KeyHealth =
  | { readonly kind: 'works' }
  /** `reason` says of "the key" what made the rejection final, in the past tense: it stands after what followed. */
  | { readonly kind: 'bad'; readonly reason: string }
  | { readonly kind: 'undecided'; readonly reason: string; readonly young: boolean };

/**
 * Reads a 401. Mistral answers the same for a revoked key, one not active yet, an exhausted quota and
 * a suspended workspace: only what proves the key itself bad counts as bad.
 */
export function judgeRejection(facts: RejectionFacts): KeyHealth {
  const { listed, now } = facts;
  if (!listed) return { kind: 'bad', reason: 'the key was no longer listed' };
  if (hasExpired(listed.expiresOn, now)) {
    return { kind: 'bad', reason: `the key expired on ${listed.expiresOn}` };
  }
  if (facts.spendLimitReached) {
    return {
      kind: 'undecided',
      young: false,
      reason: "the organization's monthly spend limit is reached, so Mistral rejects every key",
    };
  }
  const ageMs = now.getTime() - facts.createdAt.getTime();
  if (ageMs < YOUNG_KEY_MS) {
    return {
      kind: 'undecided',
      young: true,
      reason: `the key was created ${durationText(ageMs)} ago, and Mistral may reject a new key for ${durationText(YOUNG_KEY_MS)}`,
    };
  }
  return { kind: 'bad', reason: 'the key was still listed and no spend limit was reached' };
}

/** A key is accepted through the day of its expiry, as far as Mistral documents it. */
export function hasExpired(expiresOn: IsoDate | undefined, now: Date): boolean {
  return expiresOn !== undefined && expiresOn < utcDay(now);
}

/** Why a key that works is not the one the policy asks for; `undefined` where it is. */
export function lackOfAccess(
  { name, models }: Pick<Workspace, 'name' | 'models'>,
  available: readonly MistralModel[],
): string | undefined {
  if (models === '*') return undefined;
  const known = new Set(available.flatMap(({ id, aliases }) => [id, ...aliases]));
  const missing = models.filter((model) => !known.has(model));
  if (missing.length === 0) return undefined;
  const named = `${missing.length === 1 ? 'model' : 'models'} ${listText(missing)}`;
  return `it has no access to ${named}, which the policy allows in workspace ${name}`;
}
