import { NewKeyRejectedError, NewKeyUndecidedError } from '../platform/errors.js';
import { firstKeyRejected } from './alerts/rotation-alerts.js';
import { type KeyHealth, lackOfAccess } from './key-health.js';
import type { ManagedKey } from './managed-key.js';
import { versionAt } from './rotation.js';
import { notifyOnce, type Rotation, type RotationDeps } from './rotation-step.js';
import { readOwnKey } from './stored-keys.js';
import { withdraw } from './withdraw-key.js';

/** What one more check of the key, and the clean-up after it, may take. */
const RESERVED_MS = 60_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Tries the new key until it works. Proven bad, it is withdrawn so that the next rotation can start;
 * not decided in time, it stays pending for Secrets Manager's retry. So does a bad first key that Secrets
 * Manager has made current by itself.
 */
export async function testSecret(deps: RotationDeps, rotation: Rotation): Promise<void> {
  const { secret, versionId } = rotation;
  const pending = await deps.secrets.read(secret.arn, versionId);
  // Secrets Manager tries the step when a schedule is set, on a version without a key of its own.
  if (!pending) return;
  const isCurrent = versionAt(secret, 'AWSCURRENT') === versionId;
  if (!isCurrent && (await isCopyOfCurrent(deps, rotation, pending))) return;

  const health = await waitForHealth(deps, rotation, pending);
  if (health.kind === 'works') return;
  const newKey = `new key ${pending.keyId} of ${secret.name}`;
  if (health.kind === 'undecided') {
    throw new NewKeyUndecidedError(`${newKey} rejected by Mistral (401): ${health.reason}`);
  }
  if (isCurrent) {
    // What services read is not deleted. Its labels let the next attempt test it again, or rotate.
    await notifyOnce(deps, secret.name, firstKeyRejected(rotation, health.reason, deps.now()));
    throw new NewKeyRejectedError(`${newKey}, its first and current one: ${health.reason}`);
  }
  await withdraw(deps, rotation, pending.keyId, health.reason);
  throw new NewKeyRejectedError(`${newKey} withdrawn: ${health.reason}`);
}

async function isCopyOfCurrent(
  { secrets }: RotationDeps,
  { secret }: Rotation,
  pending: ManagedKey,
): Promise<boolean> {
  const current = await readOwnKey(secrets, secret.arn, versionAt(secret, 'AWSCURRENT'));
  return current?.keyId === pending.keyId;
}

async function waitForHealth(
  deps: RotationDeps,
  rotation: Rotation,
  pending: ManagedKey,
): Promise<KeyHealth> {
  const { workspace } = rotation.planned;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { inspector, now } = deps;
    const { health, models } = await inspector.inspect(pending, rotation.versionId, now());
    if (health.kind === 'works') {
      const reason = lackOfAccess(workspace, models);
      return reason === undefined ? health : { kind: 'bad', reason };
    }
    if (health.kind === 'bad') {
      return { kind: 'bad', reason: `Mistral rejected it (401); ${health.reason}` };
    }
    if (!health.young || rotation.remainingMs() < pauseMs + RESERVED_MS) return health;
    await deps.sleep(pauseMs);
  }
}
