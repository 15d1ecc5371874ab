import { RotationRefusedError } from '../platform/errors.js';
import { rotationFailed } from './alerts/rotation-alerts.js';
import { keysOfThisRotation } from './create-secret.js';
import { deleteUnheld } from './held-keys.js';
import { versionAt } from './rotation.js';
import { notify, type Rotation, type RotationDeps } from './rotation-step.js';
import { readOwnKey } from './stored-keys.js';

/**
 * Withdraws a new key whose value was made from one that is no longer current: what another owner of the secret has changed
 * beside the key meanwhile would be lost with it.
 *
 * @throws RotationRefusedError
 */
export async function withdrawOutdated(deps: RotationDeps, rotation: Rotation): Promise<void> {
  const { secret, versionId } = rotation;
  const current = versionAt(secret, 'AWSCURRENT');
  if (current === undefined || current === versionId) return;
  if (await deps.secrets.differInKeyOnly(secret.arn, versionId, current)) return;
  const reason = 'other fields of the secret were changed while it was being rotated';
  const pending = await readOwnKey(deps.secrets, secret.arn, versionId);
  if (pending) await withdraw(deps, rotation, pending.keyId, reason);
  throw new RotationRefusedError(`new key of ${secret.name} withdrawn: ${reason}`);
}

/** The label first: should the rest fail, the next rotation can start and the audit finds the key. */
export async function withdraw(
  deps: RotationDeps,
  rotation: Rotation,
  keyId: string,
  reason: string,
): Promise<void> {
  const { secret, versionId } = rotation;
  await deps.secrets.clearPending(secret.arn, versionId);
  // A value that an administrator stored may name any key.
  const created = await keysOfThisRotation(deps, rotation);
  if (created.includes(keyId)) await deleteUnheld(deps, keyId);
  deps.counts.count('withdrawn');
  await notify(deps, secret.name, rotationFailed(rotation, reason, deps.now()));
}
