import { rotationSucceeded } from './alerts/rotation-alerts.js';
import type { ManagedKey } from './managed-key.js';
import { isFirstSupply } from './operator/supplied-version.js';
import {
  firstCheckAt,
  type ReplacedKey,
  retirementRules,
} from './retirement.js';
import { threadOf, versionAt } from './rotation.js';
import { RotationRefusedError, SecretValueError } from '../platform/errors.js';
import { addDays, utcDay } from '../platform/utc-day.js';
import { expireAfterDays } from '../policy/planned-keys.js';
import type { FinishDeps, Rotation } from '../../lambdas/key-rotation/rotation.js';
import { tell } from '../../lambdas/key-rotation/tell.js';

/**
 * Puts the new key in charge and hands the old one to the retirement flow. Called again after the
 * label has moved, it makes sure that the flow was started.
 */
export async function finishSecret(deps: FinishDeps, rotation: Rotation): Promise<void> {
  const { secret, versionId } = rotation;
  const newKey = await deps.secrets.read(secret.arn, versionId);
  if (!newKey) {
    throw new RotationRefusedError(
      `version ${versionId} of secret ${secret.name} holds no key: createSecret must come first`,
    );
  }
  const current = versionAt(secret, 'AWSCURRENT');
  const alreadyMoved = current === versionId;
  if (!alreadyMoved) await promote(deps, rotation, current);

  const replaced = alreadyMoved ? versionAt(secret, 'AWSPREVIOUS') : current;
  // What a first key takes the label from was never verified, and may be a key of somebody else.
  const oldVersionId = isFirstSupply(versionId) ? undefined : replaced;
  const oldKey = oldVersionId && (await readOldKey(deps, secret.arn, oldVersionId));
  const promotedAt = deps.now();
  const retirement =
    oldKey && oldVersionId && oldKey.keyId !== newKey.keyId
      ? plan(deps, rotation, { newKey, oldKey, oldVersionId, promotedAt })
      : undefined;
  const started = retirement && (await deps.retirements.start(versionId, retirement)) === 'started';
  // The first key supplied is in charge from the start, and told once it is verified.
  const isVerified = isSupplied(deps) && versionAt(secret, 'AWSPENDING') === versionId;
  if (!started && alreadyMoved && !isVerified) return;
  deps.counts.count(retirement ? 'replaced' : 'provisioned');
  await tellSuccess(deps, rotation, newKey, promotedAt, retirement);
}

function isSupplied({ policy }: FinishDeps): boolean {
  return policy.mistral.keySource === 'operator';
}

/** A value that somebody else wrote must not stop the rotation: the audit reports the key it was. */
async function readOldKey(
  deps: FinishDeps,
  secretId: string,
  versionId: string,
): Promise<ManagedKey | undefined> {
  try {
    return await deps.secrets.read(secretId, versionId);
  } catch (error) {
    if (!(error instanceof SecretValueError)) throw error;
    deps.log.warn('old key not retired', { reason: error.message });
    return undefined;
  }
}

async function promote(
  deps: FinishDeps,
  { secret, versionId }: Rotation,
  current: string | undefined,
): Promise<void> {
  const outcome = await deps.secrets.moveCurrent(secret.arn, current, versionId);
  if (outcome === 'moved') return;
  throw new RotationRefusedError(
    `AWSCURRENT of secret ${secret.name} was moved by somebody else while version ${versionId} was being put in charge`,
  );
}

interface Replacement {
  readonly newKey: ManagedKey;
  readonly oldKey: ManagedKey;
  readonly oldVersionId: string;
  readonly promotedAt: Date;
}

function plan(
  { policy: { rotation: rules } }: FinishDeps,
  { secret, versionId, planned, isCompromised }: Rotation,
  { newKey, oldKey, oldVersionId, promotedAt }: Replacement,
): ReplacedKey {
  return {
    reason: 'replaced',
    secretId: secret.arn,
    secretName: secret.name,
    workspace: planned.workspace.name,
    oldKeyId: oldKey.keyId,
    newKeyId: newKey.keyId,
    oldVersionId,
    newVersionId: versionId,
    promotedAt: promotedAt.toISOString(),
    ...(isCompromised
      ? { why: 'compromised', checkAt: promotedAt.toISOString() }
      : { checkAt: firstCheckAt(promotedAt, rules) }),
    rules: retirementRules(rules),
  };
}

async function tellSuccess(
  deps: FinishDeps,
  { secret, versionId, planned }: Rotation,
  newKey: ManagedKey,
  at: Date,
  retirement: ReplacedKey | undefined,
): Promise<void> {
  const lifetimeDays = expireAfterDays(deps.policy.rotation, planned.key);
  const alert = rotationSucceeded({
    secretName: secret.name,
    workspace: planned.workspace.name,
    newKeyId: newKey.keyId,
    oldKeyId: retirement?.oldKeyId,
    expiresOn: newKey.expiresAt,
    // A person who chose another expiry knows of it.
    requestedExpiresOn: isSupplied(deps)
      ? undefined
      : addDays(utcDay(newKey.createdAt), lifetimeDays),
    isSupplied: isSupplied(deps),
    firstKey: retirement === undefined,
    at,
    threadId: threadOf(versionId),
    checkAt: retirement?.checkAt,
  });
  await tell(deps, secret.name, alert);
}
