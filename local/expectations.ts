import type { RotationOutcome, RunDocument } from './document.js';
import { CAST, type Diary } from './hundred-days.js';

export interface Expectation {
  readonly claim: string;
  readonly holds: boolean;
}

/** What the hundred days must have shown; the run fails where one does not hold. */
export function expectations(document: RunDocument, diary: Diary): readonly Expectation[] {
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

  const claims: readonly (readonly [string, boolean])[] = [
    [
      'every key of the policy was provisioned by the deploy',
      rotations.filter(({ outcome }) => outcome === 'provisioned').length === 4,
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
      'the audit saw everything, every night',
      diary.audits.every(({ problems }) => problems.length === 0) && diary.audits.length >= 99,
    ],
    [
      'each secret has one working key in charge, and no old key is left',
      keys.filter(({ status }) => status === 'in charge').length === 4 &&
        keys.every(({ status }) => status !== 'draining'),
    ],
  ];
  return claims.map(([claim, holds]) => ({ claim, holds }));
}
