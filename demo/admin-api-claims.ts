import { DAY_MS, daysBetween } from '../governance/platform/utc-day.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { Cast, CastKey } from './cast.js';
import { alertsOf, outcomesOf, type RotationOutcome, type RunDocument } from './document.js';
import { DAYS, type Diary } from './stage.js';
import type { Claim } from './story.js';

/** Created in Mistral's console, and used for ten days. */
export const FORGOTTEN = 'old-notebook';
export const FORGOTTEN_USED_UNTIL = 11;
/** Created in Mistral's console, and never used. */
export const NEVER_USED = 'hackathon';
export const NEVER_USED_DAYS = [5, 60] as const;
/** A copy of a key is made so long before that is replaced, and used for longer than a drain without it. */
export const COPY_MADE_DAYS = 10;
export const COPY_USED_DAYS = 2;

function firstAlerts(document: RunDocument, secretName: string): number {
  const alerts = alertsOf(document, 'rotation-succeeded', secretName);
  return alerts.filter(({ bodies }) => bodies.email?.includes(`First key of ${secretName}`)).length;
}

/** What must hold of the keys of a hundred days. */
export function keyClaims(
  document: RunDocument,
  diary: Diary,
  policy: Policy,
  cast: Cast,
): readonly Claim[] {
  const { keys, findings, rotations } = document;
  const { staleAfterDays, remindEveryDays } = policy.audit;
  const plannedCount = plannedKeys(policy).length;
  const provisioned = rotations.filter(({ outcome }) => outcome === 'provisioned');
  const isFound = (type: string, subject: string, status: 'open' | 'resolved' = 'open') =>
    findings.some((one) => one.type === type && one.subject === subject && one.status === status);
  const mails = mailsOf(document);
  const reminders = mails
    .filter(({ subject }) => subject.includes('Reminder'))
    .map(({ at }) => at.slice(0, 10));
  const [created, deleted] = NEVER_USED_DAYS;
  const claims: Claim[] = [
    ['the deploy provisioned every key of the policy', provisioned.length === plannedCount],
    [
      'each first key was announced, once',
      provisioned.every(({ secret }) => firstAlerts(document, secret) === 1),
    ],
    ...courseClaims(document, policy, cast),
    [
      `Mistral rejected the key of no service${cast.goesBad ? `, except of ${cast.goesBad.secretName}` : ''}`,
      [...diary.rejected].join() === (cast.goesBad?.secretName ?? ''),
    ],
    [`the audit found "${FORGOTTEN}" unmanaged`, isFound('unmanaged', FORGOTTEN)],
    [
      `"${FORGOTTEN}" is in ${mails.length} mails of ${DAYS} days, and reminders are at least ${remindEveryDays} days apart`,
      mails.length > 0 &&
        reminders
          .slice(1)
          .every((day, at) => daysBetween(reminders[at] ?? day, day) >= remindEveryDays),
    ],
    [
      `the audit ran ${diary.audits.length} times as scheduled, complete and with its report`,
      diary.audits.every(({ problems, evidence }) => problems.length === 0 && evidence !== null) &&
        diary.audits.length === diary.auditsDue,
    ],
    [
      'every secret has one current key that works, and no replaced key is left that should be gone',
      keys.filter(({ status }) => status === 'current').length === plannedCount &&
        rotations.every(
          ({ outcome, startedAt }) =>
            outcome !== 'replaced key draining' || dayOf(diary, startedAt) > cast.lastDay,
        ),
    ],
  ];
  if (FORGOTTEN_USED_UNTIL + staleAfterDays < DAYS - 2) {
    claims.push([`the audit found "${FORGOTTEN}" stale`, isFound('stale', FORGOTTEN)]);
  }
  if (staleAfterDays < deleted - created - 2) {
    claims.push([
      `the audit found "${NEVER_USED}" never used, and resolved that when it was deleted`,
      isFound('never-used', NEVER_USED, 'resolved'),
    ]);
  }
  return claims;
}

function dayOf({ startedAt }: Diary, at: string): number {
  return (Date.parse(at) - startedAt.getTime()) / DAY_MS;
}

/** What later rotations of a key may be at the end. */
const AFTERWARDS: readonly RotationOutcome[] = ['replaced key revoked', 'replaced key draining'];

function courseClaims(
  document: RunDocument,
  { rotation }: Policy,
  { cleanly, stillInUse, neverValid, goesBad, drainDays }: Cast,
): readonly Claim[] {
  const ended = ({ secretName }: CastKey, ...outcomes: RotationOutcome[]) => {
    const all = outcomesOf(document, secretName);
    const first = ['provisioned', ...outcomes];
    const isAsTold = all.slice(0, first.length).join() === first.join();
    return isAsTold && all.slice(first.length).every((outcome) => AFTERWARDS.includes(outcome));
  };
  const wasSent = (type: string, { secretName }: CastKey) =>
    alertsOf(document, type, secretName).length > 0;
  const claims: Claim[] = [];
  if (cleanly) {
    claims.push([
      `${cleanly.secretName} was rotated after ${cleanly.rotatedOn} days, and its replaced key revoked`,
      ended(cleanly, 'replaced key revoked') && wasSent('key-revoked', cleanly),
    ]);
  }
  if (stillInUse) {
    const isKept =
      rotation.onDrainTimeout === 'hold' || rotation.maxDrainDays > drainDays + COPY_USED_DAYS;
    claims.push([
      `the replaced key of ${stillInUse.secretName} was kept until its last use${isKept ? '' : ', or as long as the policy lets it'}`,
      ended(stillInUse, 'replaced key revoked') &&
        (!isKept || wasSent('key-in-use', stillInUse) || wasSent('approval-needed', stillInUse)),
    ]);
  }
  if (neverValid) {
    claims.push([
      `a new key of ${neverValid.secretName} never worked and was withdrawn; the next one works`,
      ended(neverValid, 'new key withdrawn', 'replaced key revoked') &&
        wasSent('rotation-failed', neverValid),
    ]);
  }
  if (goesBad) {
    claims.push([
      `${goesBad.secretName} was rolled back when Mistral rejected its new key; the next one works`,
      ended(goesBad, 'rolled back', 'replaced key revoked') && wasSent('rolled-back', goesBad),
    ]);
  }
  return claims;
}

/** Those that name the forgotten key, also among others. */
export function mailsOf({ alerts }: Pick<RunDocument, 'alerts'>): RunDocument['alerts'] {
  return alerts.filter(({ bodies }) => bodies.email?.includes(FORGOTTEN));
}
