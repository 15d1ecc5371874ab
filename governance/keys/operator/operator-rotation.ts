import {
  NewKeyUndecidedError,
  OperatorKeyRejectedError,
  RotationRefusedError,
} from '../../platform/errors.js';
import type { PlannedKey } from '../../policy/planned-keys.js';
import type { KeyDeps } from '../key-deps.js';
import { lackOfAccess } from '../key-health.js';
import type { ManagedKey } from '../managed-key.js';
import { versionAt } from '../rotation.js';
import type { FinishDeps, Rotation } from '../rotation-step.js';
import { readOwnKey } from '../stored-keys.js';
import { isFirstKey } from './operator-secret.js';

export type OperatorRotationDeps = FinishDeps & Pick<KeyDeps, 'prober'>;

/**
 * Tests an operator's key. Unusable for good, it is no longer pending; it stays at Mistral, where
 * another service may use it. Merely rejected, it stays pending: a young key is, for minutes.
 */
export async function verifyOperatorKey(
  deps: OperatorRotationDeps,
  rotation: Rotation,
): Promise<void> {
  const { secret, versionId, planned } = rotation;
  let flaw: string | undefined;
  const supplied = await readOwnKey(deps.secrets, secret.arn, versionId, (reason) => {
    flaw = reason;
  });
  if (flaw !== undefined) return reject(deps, rotation, flaw);
  if (!supplied) {
    throw new RotationRefusedError(`version ${versionId} of secret ${secret.name} holds no key`);
  }
  flaw = flawOf(supplied, await storedKeys(deps, rotation), planned);
  if (flaw !== undefined) return reject(deps, rotation, flaw);

  const probe = await deps.prober.probe(supplied.apiKey);
  if (probe.kind === 'rejected') {
    throw new NewKeyUndecidedError(
      `Mistral answers ${probe.status} to key ${supplied.keyId} of ${secret.name}: it does so for some minutes after a key is created, and to a key that is mistyped, expired or deleted. Version ${versionId} stays pending`,
    );
  }
  const lack = lackOfAccess(planned.workspace, probe.models);
  if (lack === undefined) return;
  await reject(deps, rotation, `${lack}; it may belong to another workspace`);
}

/** A key that the secret holds besides the supplied one. */
interface StoredKey {
  readonly role: 'current' | 'previous';
  readonly key: ManagedKey;
}

async function storedKeys(
  { secrets }: OperatorRotationDeps,
  { secret, versionId }: Rotation,
): Promise<readonly StoredKey[]> {
  // What else a secret holds that never had a verified key, is an attempt that failed.
  if (isFirstKey(versionId)) return [];
  const stored: StoredKey[] = [];
  for (const [stage, role] of [
    ['AWSCURRENT', 'current'],
    ['AWSPREVIOUS', 'previous'],
  ] as const) {
    const version = versionAt(secret, stage);
    if (version === versionId) continue;
    const key = await readOwnKey(secrets, secret.arn, version);
    if (key) stored.push({ role, key });
  }
  return stored;
}

/** Why a key cannot be the next one, however Mistral answers it; `undefined` where it can. */
function flawOf(
  supplied: ManagedKey,
  stored: readonly StoredKey[],
  { workspace }: PlannedKey,
): string | undefined {
  const same = stored.find(({ key }) => key.apiKey.reveal() === supplied.apiKey.reveal());
  if (same) {
    return `it is the same key as the ${same.role} one: create a new one in workspace ${workspace.name}`;
  }
  const namesake = stored.find(({ key }) => key.keyId === supplied.keyId);
  if (namesake) {
    return `the ${namesake.role} key has the same name, ${supplied.keyId}: give the new key another name, since only names tell keys apart`;
  }
  return undefined;
}

async function reject(
  { secrets, log }: OperatorRotationDeps,
  { secret, versionId }: Rotation,
  reason: string,
): Promise<never> {
  // A secret's first key keeps the label that says that nothing in it is verified.
  if (!isFirstKey(versionId)) {
    await secrets.clearPending(secret.arn, versionId);
  }
  log.warn('supplied key rejected', { secret: secret.name, versionId, reason });
  throw new OperatorKeyRejectedError(`the key for ${secret.name} cannot be used: ${reason}`);
}
