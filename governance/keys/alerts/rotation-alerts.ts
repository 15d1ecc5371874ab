import type { Alert } from '../../alerts/alert.js';
import { addDays, utcDay } from '../../platform/utc-day.js';
import { countText, instantText, listText } from '../../platform/wording.js';
import type { Change } from '../../policy/event-schemas.js';
import { expireAfterDays } from '../../policy/planned-keys.js';
import type { Policy } from '../../policy/policy.js';
import type { ManagedKey } from '../managed-key.js';
import type { ReplacedKey } from '../retirement.js';
import { rotateCommand } from '../rotate-command.js';
import { threadOf } from '../rotation.js';
import type { Rotation } from '../rotation-step.js';

type RotatedSecret = Pick<Rotation, 'secret' | 'planned' | 'versionId'>;

export interface SucceededRotation {
  readonly policy: Pick<Policy, 'mistral' | 'rotation'>;
  readonly rotation: RotatedSecret;
  readonly newKey: ManagedKey;
  /** Of the previous key, if there is one. */
  readonly retirement: ReplacedKey | undefined;
  /** The other secrets of which the previous key is the current one, if it is of any. */
  readonly keptBy?: readonly string[];
  readonly at: Date;
}

export function rotationSucceeded(succeeded: SucceededRotation): Alert {
  const { policy, rotation, newKey, retirement, keptBy = [], at } = succeeded;
  const { name } = rotation.secret;
  const isOperator = policy.mistral.keySource === 'operator';
  const previous = retirement && [
    'The new key is now current.',
    isOperator
      ? 'The previous key keeps working until you delete it: a deletion-needed alert asks you to when it is safe.'
      : `The previous key keeps working until it has been unused for ${countText(retirement.rules.quietDays, 'full UTC day')}; then it is revoked.`,
    `The first check is at ${instantText(new Date(retirement.checkAt), at)}.`,
  ];
  const shared = keptBy.length > 0 && [
    'The new key is now current.',
    `The previous key is also that of ${listText(keptBy, 5)}: it is retired once these have new keys, too.`,
  ];
  const first = [
    `${isOperator ? 'The supplied key is verified and current' : 'The secret holds its first key'}: services can read it now.`,
  ];
  return {
    type: 'rotation-succeeded',
    severity: 'info',
    ...sharedBy(rotation, at),
    title:
      retirement || shared
        ? `Rotated ${name} (new key is current)`
        : `First key of ${name} is current`,
    // An operator who chose another expiry knows it.
    description: [
      ...(previous ?? (shared || first)),
      ...(isOperator ? [] : earlyExpiry(succeeded)),
    ].join(' '),
    facts: {
      secret: name,
      'new key': newKey.keyId,
      ...(retirement && { 'previous key': retirement.oldKeyId }),
      ...(shared && { 'previous key shared with': listText(keptBy, 5) }),
      ...(newKey.expiresAt && { 'new key expires on': newKey.expiresAt }),
      ...(retirement && { 'next check': instantText(new Date(retirement.checkAt)) }),
    },
    change: promotion(succeeded),
    nextSteps: [],
  };
}

function promotion({ rotation, newKey, retirement }: SucceededRotation): Change {
  const { keyId, expiresAt } = newKey;
  const expiresOn = expiresAt && { expiresOn: expiresAt };
  const shared = { ...secretOf(rotation), keyId, ...expiresOn };
  if (!retirement) return { type: 'key-provisioned', ...shared };
  return {
    type: 'key-rotated',
    ...shared,
    previousKeyId: retirement.oldKeyId,
    versionId: rotation.versionId,
    eventOnly: rotation.planned.key.refresh.some((one) => one.eventOnly === true),
    firstCheckAt: retirement.checkAt,
  };
}

/** Mistral's own key policy may cut the requested expiry short. */
function earlyExpiry({ policy, rotation, newKey }: SucceededRotation): readonly string[] {
  const { createdAt, expiresAt } = newKey;
  const lifetimeDays = expireAfterDays(policy.rotation, rotation.planned.key);
  const requested = addDays(utcDay(createdAt), lifetimeDays);
  if (expiresAt === undefined || expiresAt >= requested) return [];
  return [
    `Mistral set the new key to expire on ${expiresAt}, earlier than the requested ${requested}: the key policy of your organization limits it.`,
  ];
}

/** A rotation that ended before its new key was promoted. */
export function rotationFailed(rotation: RotatedSecret, reason: string, at: Date): Alert {
  const { name, arn } = rotation.secret;
  return {
    type: 'rotation-failed',
    severity: 'warning',
    ...sharedBy(rotation, at),
    title: `Rotation of ${name} failed (services not affected)`,
    description: `The new key was deleted before it was current. Services are not affected: the current key stays current, and Secrets Manager retries the rotation by itself. Reason: ${reason}.`,
    facts: { secret: name, reason },
    change: { type: 'rotation-failed', ...secretOf(rotation), problem: 'new-key-rejected' },
    nextSteps: [
      {
        say: 'Fix the cause, then rotate at once instead of waiting for the retry',
        command: rotateCommand(arn),
      },
    ],
  };
}

/** Secrets Manager made a secret's first key current before it was tested; it stays, for want of another. */
export function firstKeyRejected(rotation: RotatedSecret, reason: string, at: Date): Alert {
  const { name, arn } = rotation.secret;
  return {
    type: 'rotation-failed',
    severity: 'critical',
    ...sharedBy(rotation, at),
    title: `First key of ${name} does not work`,
    description: `The secret's first key failed its test, and services that read the secret get it: there is no other. Secrets Manager retries by itself, and the key is tested again. Reason: ${reason}.`,
    facts: { secret: name, reason },
    change: { type: 'rotation-failed', ...secretOf(rotation), problem: 'first-key-rejected' },
    nextSteps: [{ say: 'Fix the cause, then create another key', command: rotateCommand(arn) }],
  };
}

function secretOf({ secret: { name, arn } }: RotatedSecret) {
  return { secretName: name, secretArn: arn };
}

function sharedBy({ planned, versionId }: RotatedSecret, at: Date) {
  return { workspace: planned.workspace.name, threadId: threadOf(versionId), at };
}
