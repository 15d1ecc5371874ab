import { createSecret } from '../../governance/keys/create-secret.js';
import { finishSecret } from '../../governance/keys/finish-secret.js';
import {
  type OperatorRotationDeps,
  verifyOperatorKey,
} from '../../governance/keys/operator/operator-rotation.js';
import {
  admitOperatorStep,
  supplyCommand,
} from '../../governance/keys/operator/operator-secret.js';
import { admitStep } from '../../governance/keys/rotation.js';
import {
  type InvocationContext,
  openRotation,
  type RotationDeps,
} from '../../governance/keys/rotation-step.js';
import { testSecret } from '../../governance/keys/test-secret.js';
import { withdrawOutdated } from '../../governance/keys/withdraw-key.js';
import { OperatorNeededError, RotationRefusedError } from '../../governance/platform/errors.js';

/** Secrets Manager's rotation function: one call for each step, any of them possibly repeated. */
export function createKeyRotationHandler(deps: RotationDeps) {
  return async (event: unknown, context: InvocationContext): Promise<void> => {
    const { step, rotation } = await openRotation(deps, event, context);
    const { secret, versionId } = rotation;
    const admission = admitStep(secret, versionId);
    if (admission.kind === 'refuse') throw new RotationRefusedError(admission.reason);

    deps.log.info(step, { secret: secret.name, versionId, ...admission });
    if (step === 'finishSecret') {
      await withdrawOutdated(deps, rotation);
      return finishSecret(deps, rotation);
    }
    if (admission.kind === 'already current') return;
    if (step === 'createSecret') return createSecret(deps, rotation);
    if (step === 'testSecret') return testSecret(deps, rotation);
    // setSecret: a Mistral key is live once created.
  };
}

/**
 * The same steps in operator mode. The command line stores a key as AWSPENDING and asks for them;
 * nothing guarantees their order, so finishSecret verifies the key once more.
 */
export function createOperatorRotationHandler(deps: OperatorRotationDeps) {
  return async (event: unknown, context: InvocationContext): Promise<void> => {
    const { step, rotation } = await openRotation(deps, event, context);
    const { secret, versionId, planned } = rotation;
    if (step === 'createSecret') {
      throw new OperatorNeededError(
        `no key can be created for secret ${secret.name} without the Admin API: ${supplyCommand(planned)}`,
      );
    }
    const admission = admitOperatorStep(secret, versionId);
    if (admission.kind === 'refuse') throw new RotationRefusedError(admission.reason);

    deps.log.info(step, { secret: secret.name, versionId, ...admission });
    if (admission.kind === 'proceed' && step !== 'setSecret') {
      await verifyOperatorKey(deps, rotation);
    }
    // Until its end, a crash leaves a version that the next `keys supply` goes on with.
    if (step === 'finishSecret') await finishSecret(deps, rotation);
  };
}
