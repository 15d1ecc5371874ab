import { hasNextKey, lateAfter } from '../keys/promotion.js';
import {
  blockingVersion,
  type SecretFacts,
  unfinishedVersion,
  versionAt,
} from '../keys/rotation.js';
import { DAY_MS, utcDay } from '../platform/utc-day.js';
import { instantText } from '../platform/wording.js';
import type { RotationPolicy } from '../policy/policy.js';
import type { Finding } from './finding.js';
import { rotateStep, secretFinding } from './key-findings.js';

/**
 * Whether a secret's rotations are as they should be; they have a day to finish and be retried, which begins when
 * the policy's window and freezes let them.
 */
export function judgeRotations(facts: SecretFacts, rules: RotationPolicy, now: Date): Finding[] {
  const judges = [judgeKeyless, judgeOverdue, judgeSwitchedOff, judgeUnfinished];
  return judges.flatMap((judge) => judge(facts, rules, now) ?? []);
}

function judgeKeyless(facts: SecretFacts, rules: RotationPolicy, now: Date): Finding | undefined {
  const { createdAt } = facts.state;
  // A first key waits for no window.
  if (
    holdsKey(facts) ||
    !createdAt ||
    now < lateAfter(createdAt, { ...rules, window: undefined })
  ) {
    return undefined;
  }
  return secretFinding('rotation-overdue', facts, {
    since: utcDay(createdAt),
    summary: `Holds no key since it was created at ${instantText(createdAt)}: services that read it fail.`,
    evidence: { created: createdAt.toISOString() },
    ...rotateStep(facts.state),
  });
}

function judgeOverdue(facts: SecretFacts, rules: RotationPolicy, now: Date): Finding | undefined {
  const { nextRotationAt, lastRotatedAt } = facts.state;
  if (!holdsKey(facts) || !nextRotationAt) return undefined;
  const begun = hasNextKey(facts.state) ? facts.pendingSince : undefined;
  if (now.getTime() - nextRotationAt.getTime() <= DAY_MS) return undefined;
  if (begun && now <= lateAfter(begun, rules)) return undefined; // its new key is held
  return secretFinding('rotation-overdue', facts, {
    since: utcDay(nextRotationAt),
    summary: `Rotation overdue: Secrets Manager planned it for ${instantText(nextRotationAt)}.`,
    evidence: {
      planned: nextRotationAt.toISOString(),
      lastRotated: lastRotatedAt?.toISOString() ?? 'never',
    },
    ...rotateStep(facts.state),
  });
}

function judgeSwitchedOff(
  facts: SecretFacts,
  _rules: RotationPolicy,
  now: Date,
): Finding | undefined {
  const { state, planned } = facts;
  if (state.rotationEnabled || !holdsKey(facts)) return undefined;
  const policy = `every ${planned.key.rotateEveryDays} days`;
  return secretFinding('policy-drift', facts, {
    since: utcDay(now),
    summary: `Rotation is switched off in Secrets Manager; the policy rotates this key ${policy}.`,
    evidence: { policy },
    ...rotateStep(state),
  });
}

function judgeUnfinished(
  facts: SecretFacts,
  rules: RotationPolicy,
  now: Date,
): Finding | undefined {
  const { pendingSince, state } = facts;
  const pending = unfinishedVersion(state);
  if (pending === undefined || !pendingSince) return undefined;
  const late = hasNextKey(state) ? lateAfter(pendingSince, rules) : endOfDay(pendingSince);
  if (now <= late) return undefined;
  const isCurrent = blockingVersion(state) === undefined;
  return secretFinding('rotation-failed', facts, {
    since: utcDay(pendingSince),
    summary: isCurrent
      ? `The first key has been current since ${instantText(pendingSince)}, and has not passed its test.`
      : `A rotation has been stuck since ${instantText(pendingSince)}, and the next one cannot start.${heldText(late, pendingSince)}`,
    evidence: { pendingVersion: pending, pendingSince: pendingSince.toISOString() },
    ...rotateStep(state),
  });
}

function endOfDay(since: Date): Date {
  return new Date(since.getTime() + DAY_MS);
}

/** For a rotation that could have ended only later than it began. */
function heldText(late: Date, since: Date): string {
  const possibleAt = new Date(late.getTime() - DAY_MS);
  if (possibleAt <= since) return '';
  return ` Its new key could become current from ${instantText(possibleAt)} on, by rotation.window and rotation.freeze.`;
}

function holdsKey({ state }: SecretFacts): boolean {
  return versionAt(state, 'AWSCURRENT') !== undefined;
}
