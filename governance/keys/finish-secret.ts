import { RotationRefusedError } from '../platform/errors.js';
import { rotationSucceeded } from './alerts/rotation-alerts.js';
import type { ManagedKey } from './managed-key.js';
import { isFirstKey } from './operator/operator-secret.js';
import { judgePromotion } from './promotion.js';
import { firstCheckAt, type ReplacedKey, retirementRules } from './retirement.js';
import { versionAt } from './rotation.js';
import { type FinishDeps, notify, type Rotation } from './rotation-step.js';
import { NOT_SHARED, retirementName, sharingOf } from './sharing.js';
import { readOwnKey } from './stored-keys.js';

/**
 * Promotes the new key, hands the previous one to the retirement flow, and announces it. AWSPENDING goes
 * last: until then, another attempt does what a crash has left out, and with it on another version than
 * AWSCURRENT, as after a manual change, Secrets Manager would start no rotation.
 */
export async function finishSecret(deps: FinishDeps, rotation: Rotation): Promise<void> {
  const { policy, secrets, log, counts, now } = deps;
  const { secret, versionId } = rotation;
  const newKey = await secrets.read(secret.arn, versionId);
  if (!newKey) {
    throw new RotationRefusedError(
      `version ${versionId} of secret ${secret.name} holds no key: createSecret must come first`,
    );
  }
  const current = versionAt(secret, 'AWSCURRENT');
  const alreadyMoved = current === versionId;
  const isPending = versionAt(secret, 'AWSPENDING') === versionId;
  const hold = alreadyMoved ? undefined : await holdOf(deps, rotation);
  if (hold) {
    // AWSPENDING stays: Secrets Manager starts no other rotation, and attempts this one again when it is asked to.
    log.info('promotion held', { secret: secret.name, versionId, ...hold });
    return;
  }
  if (!alreadyMoved && (await secrets.moveCurrent(secret.arn, current, versionId)) !== 'moved') {
    throw new RotationRefusedError(
      `AWSCURRENT of secret ${secret.name} was moved while version ${versionId} was being promoted`,
    );
  }

  const replaced = alreadyMoved ? versionAt(secret, 'AWSPREVIOUS') : current;
  // What a first key takes the label from was never verified, and may be a foreign key.
  const oldVersionId = isFirstKey(versionId) ? undefined : replaced;
  const oldKey = await readOwnKey(secrets, secret.arn, oldVersionId, (reason) =>
    log.warn('previous key not retired', { reason }),
  );
  const at = now();
  const isReplaced = oldKey && oldVersionId && oldKey.keyId !== newKey.keyId;
  const sharing = isReplaced ? await sharingOf(deps, secret.name, oldKey) : NOT_SHARED;
  // The last of several secrets that leaves a key has it retired.
  const retirement =
    isReplaced && sharing.holding.length === 0
      ? planRetirement(deps, rotation, { newKey, oldKey, oldVersionId, promotedAt: at })
      : undefined;
  const name = retirementName(versionId, sharing);
  const started = retirement && (await deps.retirements.start(name, retirement)) === 'started';
  if (!started && !isPending) return;
  counts.count(isReplaced ? 'replaced' : 'provisioned');
  const keptBy = sharing.holding;
  const alert = rotationSucceeded({ policy, rotation, newKey, retirement, keptBy, at });
  await notify(deps, secret.name, alert);
  await secrets.clearPending(secret.arn, versionId);
}

/** Why the new key may not become current yet; never where the current one does not work. */
async function holdOf(deps: FinishDeps, { secret, isCompromised }: Rotation) {
  const { policy, secrets, inspector, now } = deps;
  const current = versionAt(secret, 'AWSCURRENT');
  let isForeign = false;
  const key = await readOwnKey(secrets, secret.arn, current, () => {
    isForeign = true;
  });
  // Before its first key, a secret may have an empty version that is current.
  if (current === undefined || (key === undefined && !isForeign)) return undefined;
  const facts = { secret, expiresOn: key?.expiresAt, isCompromised };
  const verdict = judgePromotion(facts, policy.rotation, now());
  if (verdict.kind === 'promote') return undefined;
  const inspected = key && (await inspector?.inspect(key, current, now()));
  return inspected?.health.kind === 'bad' ? undefined : verdict;
}

interface Replacement {
  readonly newKey: ManagedKey;
  readonly oldKey: ManagedKey;
  readonly oldVersionId: string;
  readonly promotedAt: Date;
}

function planRetirement(
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
