import { RotationRefusedError, SecretRefusedError, SecretValueError } from '../platform/errors.js';
import { addDays, utcDay } from '../platform/utc-day.js';
import { createdKeyName, isKeyOf, tokenOf } from '../policy/key-name.js';
import { expireAfterDays, formatOf, ownerOf } from '../policy/planned-keys.js';
import { deleteUnheld } from './held-keys.js';
import { identifyCurrent } from './identify-key.js';
import type { ManagedKey } from './managed-key.js';
import type { Rotation, RotationDeps } from './rotation-step.js';

/**
 * Creates the rotation's key and stores it as AWSPENDING. What an earlier attempt left without its
 * plaintext is deleted only once a value is stored: until then, a concurrent attempt may be about to
 * store it.
 */
export async function createSecret(deps: RotationDeps, rotation: Rotation): Promise<void> {
  const { secret, versionId, planned } = rotation;
  await identifyCurrent(deps, planned, secret).catch((error: unknown) => {
    throw refusalOf(error, secret.name);
  });
  const leftovers = await keysOfThisRotation(deps, rotation);
  const stored = await deps.secrets.read(secret.arn, versionId);
  const keyId = stored?.keyId ?? (await createAndStore(deps, rotation));
  for (const leftover of leftovers) {
    // The caller that starts a rotation chooses its token, and may choose that of another one's key.
    if (leftover !== keyId) await deleteUnheld(deps, leftover);
  }
}

/** A key that cannot be retired is not replaced. */
function refusalOf(error: unknown, secretName: string): unknown {
  const isRefused = error instanceof SecretValueError || error instanceof SecretRefusedError;
  if (!isRefused) return error;
  const message = `the current value of secret ${secretName} cannot be replaced: ${error.message}`;
  return new RotationRefusedError(message, { cause: error });
}

/** The keys at Mistral that this rotation created, by their names. */
export async function keysOfThisRotation(
  deps: RotationDeps,
  rotation: Rotation,
): Promise<string[]> {
  const { planned, versionId } = rotation;
  const ids: string[] = [];
  for await (const key of deps.keySource.list(tokenOf(versionId))) {
    const sameWorkspace = (key.workspaceId ?? planned.workspace.id) === planned.workspace.id;
    if (sameWorkspace && isKeyOf(key.name, planned.key.name, versionId)) ids.push(key.id);
  }
  return ids;
}

/** However the write ended: a key whose plaintext is not stored does not stay at Mistral. */
async function createAndStore(deps: RotationDeps, rotation: Rotation): Promise<string> {
  const { secret, versionId, rotationToken, planned } = rotation;
  const created = await createKey(deps, rotation);
  const outcome = await deps.secrets
    .putPending(secret.arn, versionId, created, rotationToken, formatOf(planned))
    .catch(async (error: unknown) => {
      const stored = await deps.secrets.read(secret.arn, versionId);
      if (stored) return stored.keyId === created.keyId ? 'stored' : 'taken';
      await deps.keySource.delete(created.keyId);
      throw error;
    });
  if (outcome === 'stored') return created.keyId;

  await deps.keySource.delete(created.keyId);
  const winner = await deps.secrets.read(secret.arn, versionId);
  if (winner) return winner.keyId;
  throw new RotationRefusedError(
    `version ${versionId} of secret ${secret.name} was stored by another attempt but cannot be read yet`,
  );
}

async function createKey(
  { policy, keySource, now }: RotationDeps,
  { planned: { key, workspace }, versionId }: Rotation,
): Promise<ManagedKey> {
  const today = utcDay(now());
  const created = await keySource.create({
    name: createdKeyName(key.name, today, versionId),
    workspaceId: workspace.id,
    ownerUserId: ownerOf(workspace),
    expiresOn: addDays(today, expireAfterDays(policy.rotation, key)),
  });
  return {
    apiKey: created.apiKey,
    keyId: created.id,
    workspace: workspace.name,
    workspaceId: workspace.id,
    createdAt: created.createdAt ?? now(),
    expiresAt: created.expiresOn,
  };
}
