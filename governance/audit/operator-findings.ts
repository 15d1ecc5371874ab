import {
  type OperatorSecret,
  supplyCommand,
  verifiedVersion,
} from '../keys/operator/operator-secret.js';
import { shell } from '../platform/quoting.js';
import { addDays, DAY_MS, utcDay } from '../platform/utc-day.js';
import { instantText } from '../platform/wording.js';
import type { Policy } from '../policy/policy.js';
import type { KeyInUse } from './audit.js';
import type { Finding } from './finding.js';
import { checkReaders, secretFinding } from './key-findings.js';
import { judgeNeed } from './key-needed.js';

type Rules = Pick<Policy, 'rotation' | 'audit'>;
type Judge = (facts: OperatorSecret, rules: Rules, now: Date) => Finding | undefined;

/** What Secrets Manager's own dates say against a secret, where Mistral's keys cannot be listed. */
export function judgeOperatorSecret(facts: OperatorSecret, rules: Rules, now: Date): Finding[] {
  const judges: readonly Judge[] = [judgeNeed, judgeAge, judgeUse, judgeUnfinished, judgeSchedule];
  return judges.flatMap((judge) => judge(facts, rules, now) ?? []);
}

/** Secrets that services read, as what a key to list models with is chosen from. */
export function secretsInUse(secrets: Iterable<OperatorSecret>): readonly KeyInUse[] {
  return [...secrets].flatMap(({ planned: { secretName }, state }) =>
    state.lastAccessedAt && verifiedVersion(state) !== undefined
      ? [{ secretName, keyId: secretName, lastUsedOn: utcDay(state.lastAccessedAt) }]
      : [],
  );
}

const judgeAge: Judge = (facts, { audit: { maxAgeDays } }, now) => {
  const { currentSince, planned } = facts;
  if (!currentSince) return undefined;
  const suppliedOn = utcDay(currentSince);
  const since = addDays(suppliedOn, maxAgeDays + 1);
  if (utcDay(now) < since) return undefined;
  return secretFinding('over-age', facts, {
    since,
    summary: `Older than the policy allows: supplied on ${suppliedOn}.`,
    evidence: { supplied: suppliedOn },
    nextStep: 'Supply a new key',
    nextCommand: supplyCommand(planned),
  });
};

const judgeUse: Judge = (facts, { audit: { staleAfterDays } }, now) => {
  const { currentSince, planned, state } = facts;
  if (!currentSince) return undefined;
  const suppliedOn = utcDay(currentSince);
  const readOn = state.lastAccessedAt && utcDay(state.lastAccessedAt);
  // On the day that it is supplied, our own check reads it.
  const isNeverRead = readOn === undefined || readOn <= suppliedOn;
  const since = addDays(isNeverRead ? suppliedOn : readOn, staleAfterDays);
  if (utcDay(now) < since) return undefined;
  return secretFinding(isNeverRead ? 'never-used' : 'stale', facts, {
    since,
    summary: isNeverRead
      ? `No service has read the secret since its key was supplied on ${suppliedOn}.`
      : `No service has read the secret since ${readOn}.`,
    evidence: {
      supplied: suppliedOn,
      lastRead: readOn ?? 'never',
      note: 'reads of the secret, including checks by this system; without the Admin API, uses of the key are not known',
    },
    ...checkReaders(planned.secretName),
  });
};

const judgeUnfinished: Judge = (facts, _rules, now) => {
  const { pendingSince, planned } = facts;
  if (!pendingSince || now.getTime() - pendingSince.getTime() <= DAY_MS) return undefined;
  return secretFinding('rotation-failed', facts, {
    since: utcDay(pendingSince),
    summary: `A key was supplied at ${instantText(pendingSince)} and is not verified.`,
    evidence: { pendingSince: pendingSince.toISOString() },
    nextStep: 'Verify it again, or add --replace to supply another key',
    nextCommand: supplyCommand(planned),
  });
};

const judgeSchedule: Judge = (facts, _rules, now) => {
  const { state, planned } = facts;
  if (!state.rotationEnabled) return undefined;
  return secretFinding('policy-drift', facts, {
    since: utcDay(now),
    summary:
      'Secrets Manager has a rotation schedule for the secret, but in operator mode no function can create a key.',
    evidence: { policy: 'mistral.keySource is operator' },
    nextStep: 'Cancel the rotation schedule',
    nextCommand: shell`aws secretsmanager cancel-rotate-secret --secret-id ${planned.secretName}`,
  });
};
