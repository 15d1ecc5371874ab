import { admitSuppliedStep, supplyCommand } from '../../governance/keys/operator/operator-secret.js';
import type { KeyProber } from '../../governance/mistral/key-prober.js';
import { OperatorNeededError, RotationRefusedError } from '../../governance/platform/errors.js';
import { finishSecret } from '../../governance/keys/finish-secret.js';
import type { FinishDeps } from './rotation.js';
import { type InvocationContext, openRotation } from '../../governance/keys/rotation-step.js';
import { verifySupplied } from '../../governance/keys/operator/operator-rotation.js';

export interface SupplyDeps extends FinishDeps {
  readonly prober: KeyProber;
}

/**
 * The same steps where a person makes the keys. The command line stores a key as AWSPENDING and asks
 * for them; nothing runs by itself, so every step takes care that the one before it was passed.
 */
export function createSupplyHandler(deps: SupplyDeps) {
  return async (event: unknown, context: InvocationContext): Promise<void> => {
    const { step, rotation } = await openRotation(deps, event, context);
    const { secret, versionId, planned } = rotation;
    if (step === 'createSecret') {
      throw new OperatorNeededError(
        `no key can be created for secret ${secret.name} without the Admin API: ${supplyCommand(planned)}`,
      );
    }
    const admission = admitSuppliedStep(secret, versionId);
    if (admission.kind === 'refuse') throw new RotationRefusedError(admission.reason);

    deps.log.info(step, { secret: secret.name, versionId, ...admission });
    if (admission.kind === 'proceed' && step !== 'setSecret') await verifySupplied(deps, rotation);
    if (step !== 'finishSecret') return;
    await finishSecret(deps, rotation);
    // Until here, a crash leaves a version that the next `keys supply` goes on with.
    await deps.secrets.clearPending(secret.arn, versionId);
  };
}
