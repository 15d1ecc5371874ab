import { rotationFailed } from './alerts/rotation-failed.js';
import { judgeKeyHealth, type KeyHealth, missingModels } from './key-health.js';
import type { ManagedKey } from './managed-key.js';
import { threadOf, versionAt } from './rotation.js';
import {
  NewKeyRejectedError,
  NewKeyUndecidedError,
  SecretValueError,
} from '../platform/errors.js';
import type { Rotation, RotationDeps } from '../../lambdas/key-rotation/rotation.js';
import { tell } from '../../lambdas/key-rotation/tell.js';

/** What one more look at the key, and the clean-up after it, may take. */
const RESERVED_MS = 60_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Lets the new key prove itself. Proven bad, it is withdrawn so that the next rotation can start;
 * not decided in time, it stays pending for Secrets Manager's retry.
 */
export async function testSecret(deps: RotationDeps, rotation: Rotation): Promise<void> {
  const { secret, versionId } = rotation;
  const pending = await deps.secrets.read(secret.arn, versionId);
  // Secrets Manager tries the step when a schedule is set, on a version without a key of its own.
  if (!pending || (await isKeyInCharge(deps, rotation, pending))) return;

  const health = await waitForHealth(deps, rotation, pending);
  if (health.kind === 'works') return;
  if (health.kind === 'undecided') {
    throw new NewKeyUndecidedError(`new key ${pending.keyId} of ${secret.name}: ${health.reason}`);
  }
  await withdraw(deps, rotation, pending.keyId, health.reason);
  throw new NewKeyRejectedError(
    `new key ${pending.keyId} of ${secret.name} withdrawn: ${health.reason}`,
  );
}

/** A value that somebody else wrote is not ours, and must not stop what replaces it. */
async function isKeyInCharge(
  deps: RotationDeps,
  { secret }: Rotation,
  pending: ManagedKey,
): Promise<boolean> {
  const currentVersion = versionAt(secret, 'AWSCURRENT');
  if (currentVersion === undefined) return false;
  try {
    const current = await deps.secrets.read(secret.arn, currentVersion);
    return current?.keyId === pending.keyId;
  } catch (error) {
    if (!(error instanceof SecretValueError)) throw error;
    return false;
  }
}

async function waitForHealth(
  deps: RotationDeps,
  rotation: Rotation,
  pending: ManagedKey,
): Promise<KeyHealth> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { facts, models } = await deps.inspector.inspect(pending, rotation.versionId, deps.now());
    const health = judgeKeyHealth(facts);
    if (health.kind === 'works') return modelsHealth(rotation, models);
    const patient = health.kind === 'undecided' && health.young;
    if (!patient || rotation.remainingMs() < pauseMs + RESERVED_MS) return health;
    await deps.sleep(pauseMs);
  }
}

function modelsHealth(
  { planned: { workspace } }: Rotation,
  models: Parameters<typeof missingModels>[1],
): KeyHealth {
  const missing = missingModels(workspace.models, models);
  if (missing.length === 0) return { kind: 'works' };
  return {
    kind: 'bad',
    reason: `it does not get to see ${missing.join(', ')}, which the policy names for workspace ${workspace.name}`,
  };
}

/** The label first: should the rest fail, the next rotation can start and the audit finds the key. */
async function withdraw(
  deps: RotationDeps,
  rotation: Rotation,
  keyId: string,
  reason: string,
): Promise<void> {
  const { secret, versionId, planned } = rotation;
  await deps.secrets.clearPending(secret.arn, versionId);
  await deps.keySource.delete(keyId);
  deps.counts.count('withdrawn');
  const alert = rotationFailed({
    secretName: secret.name,
    secretArn: secret.arn,
    workspace: planned.workspace.name,
    step: 'testSecret',
    reason,
    keyWithdrawn: true,
    at: deps.now(),
    threadId: threadOf(versionId),
  });
  await tell(deps, secret.name, alert);
}
