import type { Finding } from '../../audit/finding.js';
import type { SecretFacts } from '../../audit/rotation-findings.js';
import { secretFinding } from '../../audit/secret-finding.js';
import { addDays, utcDay } from '../../platform/utc-day.js';
import { expireAfterDays, type PlannedKey } from '../../policy/planned-keys.js';
import type { Policy } from '../../policy/policy.js';
import { supplyCommand, unverifiedVersion, verifiedVersion } from './supplied-key.js';
import { statedExpiry } from './supplied-version.js';

/** What Secrets Manager knows of a secret whose keys a person supplies. */
export interface SuppliedSecret extends SecretFacts {
  /** When the version in charge was stored. */
  readonly inChargeSince: Date | undefined;
}

type Rules = Pick<Policy, 'rotation' | 'audit'>;

/** Whether a person must supply a key: the first one, or the next. */
export function judgeNeed(facts: SuppliedSecret, rules: Rules, now: Date): Finding[] {
  const { planned, state, inChargeSince } = facts;
  const inCharge = verifiedVersion(state);
  if (inCharge === undefined) {
    return [need(facts, state.createdAt ?? now, { why: 'first key: its readers have none yet' })];
  }
  if (!inChargeSince) return [];
  const { rotateEveryDays } = planned.key;
  const suppliedOn = utcDay(inChargeSince);
  const dueOn = addDays(suppliedOn, rotateEveryDays);
  const today = utcDay(now);
  if (today < dueOn) return [];
  const stated = statedExpiry(inCharge);
  const deadline = stated ?? recommendedExpiry(rules, planned, inChargeSince);
  const isExpiring = today >= addDays(deadline, -rules.audit.expiringWithinDays);
  const evidence = {
    why: isExpiring ? `expiring on ${deadline}, due since ${dueOn}` : `due since ${dueOn}`,
    deadline: `${deadline}, when the key in charge expires ${stated ? 'as was said when it was supplied' : 'if it was created as recommended'}`,
    supplied: suppliedOn,
    policy: `every ${rotateEveryDays} days`,
  };
  return [need(facts, new Date(dueOn), evidence, isExpiring)];
}

/** The expiry that an operator is told to give a key supplied now. */
export function recommendedExpiry(
  { rotation }: Pick<Policy, 'rotation'>,
  { key }: Pick<PlannedKey, 'key'>,
  suppliedAt: Date,
) {
  return addDays(utcDay(suppliedAt), expireAfterDays(rotation, key));
}

function need(
  { planned, state }: SuppliedSecret,
  since: Date,
  evidence: Readonly<Record<string, string>>,
  isUrgent = false,
): Finding {
  const waiting = unverifiedVersion(state);
  const finding = secretFinding('key-needed', { planned }, utcDay(since), supplyCommand(planned), {
    ...evidence,
    ...(waiting && {
      unfinished: `version ${waiting} was supplied and is not verified: the command goes on with it`,
    }),
  });
  return isUrgent ? { ...finding, severity: 'critical' } : finding;
}
