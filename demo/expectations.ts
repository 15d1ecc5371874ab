import { daysBetween } from '../governance/platform/utc-day.js';
import type { RotationOutcome, RunDocument } from './document.js';
import { CAST, DAYS, type Diary } from './hundred-days.js';
import type { TrafficDiary } from './traffic.js';

export interface Expectation {
  readonly claim: string;
  readonly holds: boolean;
}

/** Four of the policy's own, and one of the gateway in each of three workspaces. */
const KEYS = 7;

const REFUSALS = [
  'unknown_caller',
  'model_not_allowed',
  'max_tokens_exceeded',
  'max_tokens_invalid',
  'endpoint_not_allowed',
  'tokens_exhausted',
  'rate_limited',
  'budget_exhausted',
];

/** What the hundred days must have shown; the run fails where one does not hold. */
export function expectations(
  document: RunDocument,
  diary: Diary,
  traffic: TrafficDiary,
): readonly Expectation[] {
  const { keys, findings, rotations, alerts } = document;
  const outcomesOf = (secret: string) =>
    rotations.filter((rotation) => rotation.secret === secret).map(({ outcome }) => outcome);
  const isTold = (type: string, secret?: string) =>
    alerts.some(
      ({ attributes, bodies }) =>
        attributes.type === type && (bodies.default ?? '').includes(secret ?? ''),
    );
  const isFound = (type: string, subject: string) =>
    findings.some((finding) => finding.type === type && finding.subject === subject);
  const rotated = (secret: string, ...outcomes: RotationOutcome[]) =>
    JSON.stringify(outcomesOf(secret)) === JSON.stringify(['provisioned', ...outcomes]);
  const refusedReaders = new Set(diary.refusals.map(({ secretName }) => secretName));

  const reminders = reminderDays(document);

  const claims: readonly (readonly [string, boolean])[] = [
    [
      'every key of the policy was provisioned by the deploy',
      rotations.filter(({ outcome }) => outcome === 'provisioned').length === KEYS,
    ],
    [
      `${CAST.cleanly} rotated after 90 days, its old key was revoked`,
      rotated(CAST.cleanly, 'old key revoked') && isTold('key-revoked', CAST.cleanly),
    ],
    [
      `the old key of ${CAST.stillInUse} stayed until its user had moved`,
      rotated(CAST.stillInUse, 'old key revoked') && isTold('key-in-use', CAST.stillInUse),
    ],
    [
      `the new key of ${CAST.neverValid} never worked, was withdrawn and made again`,
      rotated(CAST.neverValid, 'new key withdrawn', 'old key revoked') &&
        isTold('rotation-failed', CAST.neverValid),
    ],
    [
      `the new key of ${CAST.goesBad} was rolled back once it was refused, and made again`,
      rotated(CAST.goesBad, 'rolled back', 'old key revoked') &&
        isTold('rolled-back', CAST.goesBad),
    ],
    [
      'no service was refused but by the key that went bad',
      refusedReaders.size === 1 && refusedReaders.has(CAST.goesBad),
    ],
    [
      'the audit found the forgotten key stale and unmanaged',
      isFound('stale', CAST.forgotten) && isFound('unmanaged', CAST.forgotten),
    ],
    [
      'the audit found the key that nobody used, and that it was gone',
      findings.some(
        ({ type, subject, status }) =>
          type === 'never-used' && subject === CAST.neverUsed && status === 'resolved',
      ),
    ],
    [
      `one forgotten key made at most one reminder mail a week: ${reminders.length} in ${DAYS} days`,
      reminders.length > 5 &&
        reminders.slice(1).every((day, i) => daysBetween(reminders[i] ?? day, day) >= 7),
    ],
    [
      'the audit saw everything, every night',
      diary.audits.every(({ problems }) => problems.length === 0) && diary.audits.length >= 99,
    ],
    [
      'every night left its page of evidence',
      diary.audits.every(({ evidence }) => evidence !== null),
    ],
    [
      'each secret has one working key in charge, and no old key is left',
      keys.filter(({ status }) => status === 'in charge').length === KEYS &&
        keys.every(({ status }) => status !== 'draining'),
    ],
    ...spendClaims(document, traffic, isTold),
  ];
  return claims.map(([claim, holds]) => ({ claim, holds }));
}

/** The days of digests that name the forgotten key and have nothing new to say. */
export function reminderDays({ alerts }: Pick<RunDocument, 'alerts'>): readonly string[] {
  return alerts
    .filter(
      ({ attributes, subject, bodies }) =>
        attributes.type === 'audit-digest' &&
        subject.includes('Reminder') &&
        bodies.email?.includes(CAST.forgotten),
    )
    .map(({ at }) => at.slice(0, 10));
}

type Claim = readonly [string, boolean];

function spendClaims(
  { spend, alerts }: RunDocument,
  { answered, refused, overflowed }: TrafficDiary,
  isTold: (type: string, text?: string) => boolean,
): readonly Claim[] {
  const fullest = spend.find(
    ({ workspace, window, percent }) =>
      workspace === 'dev-workspace' && window === 'month' && (percent ?? 0) > 90,
  );
  const thresholds = alerts.filter(({ attributes }) => attributes.type === 'spend-threshold');
  return [
    [
      'callers of every role were answered, and refused in every way there is',
      answered > 200 && REFUSALS.every((code) => refused.has(code)),
    ],
    [
      "the developers' monthly budget was used to the last request and not passed",
      fullest !== undefined &&
        (fullest.metered ?? 0) <= (fullest.budget ?? 0) &&
        (fullest.metered ?? 0) >= 0.99 * (fullest.budget ?? 0),
    ],
    [
      'on-call heard of 50, 80 and 95 percent, of the end of the budget and of a forecast',
      thresholds.length >= 3 && isTold('budget-exhausted') && isTold('spend-forecast'),
    ],
    ['another workspace answered what Mistral had no room for', overflowed === 1],
  ];
}
