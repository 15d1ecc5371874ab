import { admitStep } from '../../governance/keys/rotation.js';
import { RotationRefusedError } from '../../governance/platform/errors.js';
import { createSecret } from '../../governance/keys/create-secret.js';
import { finishSecret } from '../../governance/keys/finish-secret.js';
import type { RotationDeps } from './rotation.js';
import { type InvocationContext, openRotation } from '../../governance/keys/rotation-step.js';
import { testSecret } from '../../governance/keys/test-secret.js';

/** Secrets Manager's rotation function: one call for each step, any of them possibly repeated. */
export function createKeyRotationHandler(deps: RotationDeps) {
  return async (event: unknown, context: InvocationContext): Promise<void> => {
    const { step, rotation } = await openRotation(deps, event, context);
    const { secret, versionId } = rotation;
    const admission = admitStep(secret, versionId);
    if (admission.kind === 'refuse') throw new RotationRefusedError(admission.reason);

    deps.log.info(step, { secret: secret.name, versionId, ...admission });
    if (step === 'finishSecret') return finishSecret(deps, rotation);
    if (admission.kind === 'already current') return;
    if (step === 'createSecret') return createSecret(deps, rotation);
    if (step === 'testSecret') return testSecret(deps, rotation);
    // setSecret: a Mistral key is live once created.
  };
}
