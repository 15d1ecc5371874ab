import { missingModels } from '../key-health.js';
import type { ManagedKey } from '../managed-key.js';
import { type HeldKey, whyRefused } from './operator-secret.js';
import { isFirstSupply } from './supplied-version.js';
import { versionAt } from '../rotation.js';
import {
  NewKeyUndecidedError,
  RotationRefusedError,
  SecretValueError,
  SuppliedKeyRefusedError,
} from '../../platform/errors.js';
import type { Rotation } from '../../../lambdas/key-rotation/rotation.js';
import type { SupplyDeps } from '../../../lambdas/key-rotation/supply-handler.js';

/**
 * Lets a supplied key prove itself. Wrong for good, it stops being the one to verify; it stays at
 * Mistral, where it may be somebody's. Merely refused, it stays pending: a young key is, for minutes.
 */
export async function verifySupplied(deps: SupplyDeps, rotation: Rotation): Promise<void> {
  const { secret, versionId, planned } = rotation;
  const supplied = await readSupplied(deps, rotation);
  const refusal = whyRefused(supplied, await heldKeys(deps, rotation), planned);
  if (refusal !== undefined) return refuse(deps, rotation, refusal);

  const probe = await deps.prober.probe(supplied.apiKey);
  if (probe.kind === 'refused') {
    throw new NewKeyUndecidedError(
      `Mistral answers ${probe.status} to key ${supplied.keyId} of ${secret.name}: it does so for some minutes after a key is created, and to a key that is mistyped, expired or deleted. Version ${versionId} stays pending`,
    );
  }
  const { workspace } = planned;
  const missing = missingModels(workspace.models, probe.models);
  if (missing.length === 0) return;
  await refuse(
    deps,
    rotation,
    `it does not get to see ${missing.join(', ')}, which the policy names for workspace ${workspace.name}: it may belong to another workspace`,
  );
}

async function readSupplied(
  { secrets }: SupplyDeps,
  { secret, versionId }: Rotation,
): Promise<ManagedKey> {
  const supplied = await secrets.read(secret.arn, versionId);
  if (supplied) return supplied;
  throw new RotationRefusedError(`version ${versionId} of secret ${secret.name} holds no key`);
}

/** The keys that the secret holds already; a value that somebody else wrote is none of ours. */
async function heldKeys(
  { secrets }: SupplyDeps,
  { secret, versionId }: Rotation,
): Promise<readonly HeldKey[]> {
  // What else a secret holds that never had a verified key, is an attempt that came to nothing.
  if (isFirstSupply(versionId)) return [];
  const held: HeldKey[] = [];
  for (const [stage, role] of [
    ['AWSCURRENT', 'in charge'],
    ['AWSPREVIOUS', 'the one before'],
  ] as const) {
    const version = versionAt(secret, stage);
    if (version === undefined || version === versionId) continue;
    try {
      const key = await secrets.read(secret.arn, version);
      if (key) held.push({ role, key });
    } catch (error) {
      if (!(error instanceof SecretValueError)) throw error;
    }
  }
  return held;
}

async function refuse(
  { secrets, log }: SupplyDeps,
  { secret, versionId }: Rotation,
  reason: string,
): Promise<never> {
  // A secret's first key keeps the label that says that nothing in it is verified.
  if (!isFirstSupply(versionId)) {
    await secrets.clearPending(secret.arn, versionId);
  }
  log.warn('supplied key refused', { secret: secret.name, versionId, reason });
  throw new SuppliedKeyRefusedError(`the key for ${secret.name} is refused: ${reason}`);
}
