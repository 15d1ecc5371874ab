import { type SecretFacts, unfinishedVersion, versionAt } from '../keys/rotation.js';
import { DAY_MS, utcDay } from '../platform/utc-day.js';
import type { Finding } from './finding.js';
import { rotateCommand } from './key-findings.js';
import { secretFinding } from './secret-finding.js';

/** Whether a secret's rotations are as they should be; a day is theirs to finish and be retried. */
export function judgeRotations(facts: SecretFacts, now: Date): Finding[] {
  return [judgeKeyless, judgeOverdue, judgeSwitchedOff, judgeUnfinished].flatMap((judge) =>
    judge(facts, now),
  );
}

function judgeKeyless(facts: SecretFacts, now: Date): Finding[] {
  const { state, planned } = facts;
  if (versionAt(state, 'AWSCURRENT') !== undefined) return [];
  if (!state.createdAt || now.getTime() - state.createdAt.getTime() < DAY_MS) return [];
  return [
    secretFinding(
      'rotation-overdue',
      facts,
      utcDay(state.createdAt),
      rotateCommand(planned.secretName),
      {
        reason: 'the secret was created and holds no key yet, so its readers have none',
        created: state.createdAt.toISOString(),
      },
    ),
  ];
}

function judgeOverdue(facts: SecretFacts, now: Date): Finding[] {
  const { nextRotationAt, lastRotatedAt } = facts.state;
  if (versionAt(facts.state, 'AWSCURRENT') === undefined || !nextRotationAt) return [];
  if (now.getTime() - nextRotationAt.getTime() <= DAY_MS) return [];
  return [
    secretFinding(
      'rotation-overdue',
      facts,
      utcDay(nextRotationAt),
      rotateCommand(facts.planned.secretName),
      {
        reason: 'the day that Secrets Manager planned the next rotation for has passed',
        planned: nextRotationAt.toISOString(),
        lastRotated: lastRotatedAt?.toISOString() ?? 'never',
      },
    ),
  ];
}

function judgeSwitchedOff(facts: SecretFacts, now: Date): Finding[] {
  const { state, planned } = facts;
  if (state.rotationEnabled || versionAt(state, 'AWSCURRENT') === undefined) return [];
  return [
    secretFinding('policy-drift', facts, utcDay(now), rotateCommand(planned.secretName), {
      reason: 'rotation is switched off in Secrets Manager',
      policy: `every ${planned.key.rotateEveryDays} days`,
    }),
  ];
}

function judgeUnfinished(facts: SecretFacts, now: Date): Finding[] {
  const { pendingSince, planned, state } = facts;
  const pending = unfinishedVersion(state);
  if (pending === undefined || !pendingSince) return [];
  if (now.getTime() - pendingSince.getTime() <= DAY_MS) return [];
  const release = `aws secretsmanager update-secret-version-stage --secret-id ${planned.secretName} --version-stage AWSPENDING --remove-from-version-id ${pending}`;
  return [
    secretFinding(
      'rotation-failed',
      facts,
      utcDay(pendingSince),
      `${release} && ${rotateCommand(planned.secretName)}`,
      {
        reason: 'a rotation began and has not ended, which keeps the next one from starting',
        pendingVersion: pending,
        pendingSince: pendingSince.toISOString(),
      },
    ),
  ];
}
