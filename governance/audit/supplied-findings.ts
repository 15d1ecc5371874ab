import {
  type OperatorSecret,
  supplyCommand,
  verifiedVersion,
} from '../keys/operator/operator-secret.js';
import { addDays, DAY_MS, utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import type { Finding, FindingType } from './finding.js';
import { judgeNeed } from './key-need.js';
import type { KeyInUse } from './managed-audit.js';
import { secretFinding } from './secret-finding.js';

type Rules = Pick<Policy, 'rotation' | 'audit'>;
type Judge = (facts: OperatorSecret, rules: Rules, now: Date) => readonly Finding[];

/** What Secrets Manager's own dates say against a secret, where Mistral's keys cannot be listed. */
export function judgeSupplied(facts: OperatorSecret, rules: Rules, now: Date): Finding[] {
  const judges: readonly Judge[] = [judgeNeed, judgeAge, judgeUse, judgeUnfinished, judgeSchedule];
  return judges.flatMap((judge) => judge(facts, rules, now));
}

/** Secrets that somebody reads, in the words of what chooses a key to list models with. */
export function secretsInUse(secrets: Iterable<OperatorSecret>): readonly KeyInUse[] {
  return [...secrets].flatMap(({ planned: { secretName }, state }) =>
    state.lastAccessedAt && verifiedVersion(state) !== undefined
      ? [{ secretName, keyId: secretName, lastUsedOn: utcDay(state.lastAccessedAt) }]
      : [],
  );
}

const judgeAge: Judge = (facts, { audit: { maxAgeDays } }, now) => {
  const { currentSince, planned } = facts;
  if (!currentSince) return [];
  const suppliedOn = utcDay(currentSince);
  const since = addDays(suppliedOn, maxAgeDays + 1);
  if (utcDay(now) < since) return [];
  return [
    secretFinding('over-age', facts, since, supplyCommand(planned), { supplied: suppliedOn }),
  ];
};

const judgeUse: Judge = (facts, { audit: { staleAfterDays } }, now) => {
  const { currentSince, planned, state } = facts;
  if (!currentSince) return [];
  const suppliedOn = utcDay(currentSince);
  const readOn = state.lastAccessedAt && utcDay(state.lastAccessedAt);
  // On the day that it is supplied, our own check reads it.
  const isNeverRead = readOn === undefined || readOn <= suppliedOn;
  const since = addDays(isNeverRead ? suppliedOn : readOn, staleAfterDays);
  if (utcDay(now) < since) return [];
  const command = `aws secretsmanager describe-secret --secret-id ${planned.secretName} --query LastAccessedDate`;
  return [
    secretFinding(isNeverRead ? 'never-used' : 'stale', facts, since, command, {
      supplied: suppliedOn,
      lastRead: readOn ?? 'never',
      note: 'reads of the secret, those by checks of this system among them; uses of the key are not known without the Admin API',
    }),
  ];
};

const judgeUnfinished: Judge = (facts, _rules, now) => {
  const { pendingSince, planned } = facts;
  if (!pendingSince || now.getTime() - pendingSince.getTime() <= DAY_MS) return [];
  return [
    secretFinding('rotation-failed', facts, utcDay(pendingSince), supplyCommand(planned), {
      reason:
        'a key was supplied and is not verified: the command tries it again, with --replace it asks for another',
      pendingSince: pendingSince.toISOString(),
    }),
  ];
};

const judgeSchedule: Judge = (facts, _rules, now) => {
  const { state, planned } = facts;
  if (!state.rotationEnabled) return [];
  const command = `aws secretsmanager cancel-rotate-secret --secret-id ${planned.secretName}`;
  return [
    secretFinding('policy-drift', facts, utcDay(now), command, {
      reason: 'Secrets Manager is to rotate the secret, but no function can create a key',
      policy: 'mistral.keySource is operator',
    }),
  ];
};

/** Types that this audit judges of secrets; the last one it reports as `key-needed` instead. */
const JUDGED: ReadonlySet<FindingType> = new Set([
  'key-needed',
  'over-age',
  'never-used',
  'stale',
  'rotation-failed',
  'policy-drift',
  'rotation-overdue',
]);

/** Tells of which findings this audit could not have seen that they are gone. */
export function undecidedWithoutAdminApi(
  unread: ReadonlySet<string>,
  modelsChecked: boolean,
): (finding: Finding) => boolean {
  return ({ type, subject, evidence }) => {
    if (type === 'model-drift') return !modelsChecked;
    const isOfSecret = evidence.secret === subject;
    return !JUDGED.has(type) || !isOfSecret || unread.has(subject);
  };
}
