import {
  type OperatorSecret,
  recommendedExpiry,
  statedExpiry,
  supplyCommand,
  unverifiedVersion,
  verifiedVersion,
} from '../keys/operator/operator-secret.js';
import { addDays, utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import type { Finding } from './finding.js';
import { secretFinding } from './secret-finding.js';

type Rules = Pick<Policy, 'rotation' | 'audit'>;

/** Whether a person must supply a key: the first one, or the next. */
export function judgeNeed(facts: OperatorSecret, rules: Rules, now: Date): Finding[] {
  const { planned, state, currentSince } = facts;
  const inCharge = verifiedVersion(state);
  if (inCharge === undefined) {
    return [need(facts, state.createdAt ?? now, { why: 'first key: its readers have none yet' })];
  }
  if (!currentSince) return [];
  const { rotateEveryDays } = planned.key;
  const suppliedOn = utcDay(currentSince);
  const dueOn = addDays(suppliedOn, rotateEveryDays);
  const today = utcDay(now);
  if (today < dueOn) return [];
  const stated = statedExpiry(inCharge);
  const deadline = stated ?? recommendedExpiry(rules, planned, currentSince);
  const isExpiring = today >= addDays(deadline, -rules.audit.expiringWithinDays);
  const evidence = {
    why: isExpiring ? `expiring on ${deadline}, due since ${dueOn}` : `due since ${dueOn}`,
    deadline: `${deadline}, when the key in charge expires ${stated ? 'as was said when it was supplied' : 'if it was created as recommended'}`,
    supplied: suppliedOn,
    policy: `every ${rotateEveryDays} days`,
  };
  return [need(facts, new Date(dueOn), evidence, isExpiring)];
}

function need(
  { planned, state }: OperatorSecret,
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
