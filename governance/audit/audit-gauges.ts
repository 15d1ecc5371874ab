import type { Retirement } from '../keys/retirement.js';
import type { SecretFacts } from '../keys/rotation.js';
import { versionAt } from '../keys/rotation.js';
import { DAY_MS } from '../platform/utc-day.js';
import type { Finding } from './finding.js';

export interface GaugeFacts {
  /** How many keys Mistral listed; `undefined` where that was not all. */
  readonly keysListed: number | undefined;
  readonly secrets: readonly SecretFacts[];
  /** `undefined` where they could not be listed. */
  readonly retirements: readonly Pick<Retirement, 'promotedAt'>[] | undefined;
  /** What holds now. */
  readonly findings: readonly Finding[];
}

/** The state of all keys in numbers. */
export interface AuditGauges {
  readonly keysListed: number | undefined;
  /** Secrets that hold a key. */
  readonly keysManaged: number;
  /** How old the oldest key in charge is, for each workspace that has one. */
  readonly keyDays: ReadonlyMap<string, number>;
  /** How long each replaced or removed key has been waiting for its end. */
  readonly retirementDays: readonly number[] | undefined;
  readonly findings: readonly Finding[];
}

export function auditGauges(facts: GaugeFacts, now: Date): AuditGauges {
  const { keysListed, retirements, findings } = facts;
  const holding = facts.secrets.filter(({ state }) => versionAt(state, 'AWSCURRENT') !== undefined);
  const keyDays = new Map<string, number>();
  for (const { planned, state } of holding) {
    const madeAt = state.lastRotatedAt ?? state.createdAt;
    if (!madeAt) continue;
    const { name } = planned.workspace;
    keyDays.set(name, Math.max(keyDays.get(name) ?? 0, daysSince(madeAt, now)));
  }
  return {
    keysListed,
    keysManaged: holding.length,
    keyDays,
    retirementDays: retirements?.map(({ promotedAt }) => daysSince(new Date(promotedAt), now)),
    findings,
  };
}

/** To a hundredth, since an alarm compares it. */
function daysSince(then: Date, now: Date): number {
  return Math.round(((now.getTime() - then.getTime()) / DAY_MS) * 100) / 100;
}
