import {
  blockingVersion,
  type SecretFacts,
  unfinishedVersion,
  versionAt,
} from '../keys/rotation.js';
import { DAY_MS, utcDay } from '../platform/utc-day.js';
import { instantText } from '../platform/wording.js';
import type { Finding } from './finding.js';
import { rotateStep, secretFinding } from './key-findings.js';

/** Whether a secret's rotations are as they should be; they have a day to finish and be retried. */
export function judgeRotations(facts: SecretFacts, now: Date): Finding[] {
  const judges = [judgeKeyless, judgeOverdue, judgeSwitchedOff, judgeUnfinished];
  return judges.flatMap((judge) => judge(facts, now) ?? []);
}

function judgeKeyless(facts: SecretFacts, now: Date): Finding | undefined {
  const { createdAt } = facts.state;
  if (holdsKey(facts) || !createdAt || now.getTime() - createdAt.getTime() < DAY_MS)
    return undefined;
  return secretFinding('rotation-overdue', facts, {
    since: utcDay(createdAt),
    summary: `Holds no key since it was created at ${instantText(createdAt)}: services that read it fail.`,
    evidence: { created: createdAt.toISOString() },
    ...rotateStep(facts.state),
  });
}

function judgeOverdue(facts: SecretFacts, now: Date): Finding | undefined {
  const { nextRotationAt, lastRotatedAt } = facts.state;
  if (!holdsKey(facts) || !nextRotationAt) return undefined;
  if (now.getTime() - nextRotationAt.getTime() <= DAY_MS) return undefined;
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

function judgeSwitchedOff(facts: SecretFacts, now: Date): Finding | undefined {
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

function judgeUnfinished(facts: SecretFacts, now: Date): Finding | undefined {
  const { pendingSince, state } = facts;
  const pending = unfinishedVersion(state);
  if (pending === undefined || !pendingSince) return undefined;
  if (now.getTime() - pendingSince.getTime() <= DAY_MS) return undefined;
  const isCurrent = blockingVersion(state) === undefined;
  return secretFinding('rotation-failed', facts, {
    since: utcDay(pendingSince),
    summary: isCurrent
      ? `The first key has been current since ${instantText(pendingSince)}, and has not passed its test.`
      : `A rotation has been stuck since ${instantText(pendingSince)}, and the next one cannot start.`,
    evidence: { pendingVersion: pending, pendingSince: pendingSince.toISOString() },
    ...rotateStep(state),
  });
}

function holdsKey({ state }: SecretFacts): boolean {
  return versionAt(state, 'AWSCURRENT') !== undefined;
}
