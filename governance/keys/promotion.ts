import { DAY_MS, type IsoDate, startOfDay } from '../platform/utc-day.js';
import { instantText } from '../platform/wording.js';
import type { RotationPolicy } from '../policy/policy.js';
import { type RotationTimes, rotationTimes } from '../policy/rotation-times.js';
import { blockingVersion, REPLACE_NOW, type SecretState, versionAt } from './rotation.js';

/** Whether a new key may take the place of the current one. */
export type PromotionVerdict =
  | { readonly kind: 'promote' }
  | {
      readonly kind: 'hold';
      /** When it may; `undefined` where the policy does not say. */
      readonly until: Date | undefined;
      readonly reason: string;
    };

export interface PromotionFacts {
  readonly secret: SecretState;
  /** Of the current key; `undefined` where there is none, or it never expires. */
  readonly expiresOn: IsoDate | undefined;
  /** Whether the current key has leaked. */
  readonly isCompromised: boolean;
}

const PROMOTE: PromotionVerdict = { kind: 'promote' };

/**
 * Outside of the policy's window and in a freeze, no key that services use is replaced: but for one that has
 * leaked, that an administrator wants to be replaced now, or that would expire before it may be. A first key
 * replaces none.
 */
export function judgePromotion(
  { secret, expiresOn, isCompromised }: PromotionFacts,
  rules: RotationPolicy,
  now: Date,
): PromotionVerdict {
  const times = rotationTimes(rules);
  const current = versionAt(secret, 'AWSCURRENT');
  if (current === undefined || times.isOpen(now.getTime())) return PROMOTE;
  const isWanted = secret.stagesByVersion[current]?.includes(REPLACE_NOW) ?? false;
  if (isCompromised || isWanted) return PROMOTE;
  const opening = times.nextOpening(now.getTime());
  const lastMs =
    expiresOn === undefined ? Number.POSITIVE_INFINITY : startOfDay(expiresOn).getTime();
  if ((opening ?? Number.POSITIVE_INFINITY) + DAY_MS > lastMs) return PROMOTE;
  const until = opening === undefined ? undefined : new Date(opening);
  return { kind: 'hold', until, reason: reasonOf(times, now, until) };
}

/** `no key changes until 2027-01-04 08:00 UTC (in 17 days), rotation.freeze: Christmas`. */
function reasonOf(times: RotationTimes, now: Date, until: Date | undefined): string {
  const freeze = times.freezeAt(now.getTime());
  const when = until ? `until ${instantText(until, now)}` : 'for now';
  return `no key changes ${when}, ${freeze ? `rotation.freeze: ${freeze.reason}` : 'when rotation.window opens'}`;
}

/** Whether a secret has a new key, verified or about to be, that is not current yet. */
export function hasNextKey(state: SecretState): boolean {
  return versionAt(state, 'AWSCURRENT') !== undefined && blockingVersion(state) !== undefined;
}

/** When what had to wait since an instant may be reported as late: a day after it could go on. */
export function lateAfter(since: Date, rules: RotationPolicy): Date {
  const { nextOpening } = rotationTimes(rules);
  return new Date((nextOpening(since.getTime()) ?? Number.MAX_SAFE_INTEGER / 2) + DAY_MS);
}
