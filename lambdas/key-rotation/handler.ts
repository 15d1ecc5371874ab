import * as z from 'zod';
import { RotationRefusedError, UnknownSecretError } from '../domain/errors.js';
import { type PlannedKey, plannedKeys } from '../domain/planned-keys.js';
import type { Policy } from '../domain/policy.js';
import { admitStep } from '../domain/rotation.js';
import { createSecret } from './create-secret.js';
import { finishSecret } from './finish-secret.js';
import type { Rotation, RotationDeps } from './rotation.js';
import { testSecret } from './test-secret.js';

const RotationEventSchema = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string().min(1),
  ClientRequestToken: z.string().min(1),
  RotationToken: z.string().optional(),
});

interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Secrets Manager's rotation function: one call for each step, any of them possibly repeated. */
export function createKeyRotationHandler(deps: RotationDeps) {
  return async (event: unknown, context: InvocationContext): Promise<void> => {
    const { Step, SecretId, ClientRequestToken, RotationToken } = RotationEventSchema.parse(event);
    const secret = await deps.secrets.describe(SecretId);
    const rotation: Rotation = {
      secret,
      versionId: ClientRequestToken,
      rotationToken: RotationToken,
      planned: plannedKey(deps.policy, secret.name),
      remainingMs: () => context.getRemainingTimeInMillis(),
    };
    const admission = admitStep(secret, ClientRequestToken);
    if (admission.kind === 'refuse') throw new RotationRefusedError(admission.reason);

    deps.log.info(Step, { secret: secret.name, versionId: ClientRequestToken, ...admission });
    if (Step === 'finishSecret') return finishSecret(deps, rotation);
    if (admission.kind === 'already current') return;
    if (Step === 'createSecret') return createSecret(deps, rotation);
    if (Step === 'testSecret') return testSecret(deps, rotation);
    // setSecret: a Mistral key is live once created.
  };
}

function plannedKey(policy: Policy, secretName: string): PlannedKey {
  const planned = plannedKeys(policy).find((candidate) => candidate.secretName === secretName);
  if (planned) return planned;
  throw new UnknownSecretError(
    `secret "${secretName}" is not a key of the policy: add it there or cancel its rotation`,
  );
}
