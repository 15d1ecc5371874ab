import * as z from 'zod';
import { UnknownSecretError } from '../platform/errors.js';
import { type PlannedKey, plannedKeys } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import type { FinishDeps, Rotation } from '../../lambdas/key-rotation/rotation.js';

const RotationEventSchema = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string().min(1),
  ClientRequestToken: z.string().min(1),
  RotationToken: z.string().optional(),
  /** Ours, from the command line: Secrets Manager knows of no such thing. */
  Compromised: z.boolean().default(false),
});

export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

interface OpenedRotation {
  readonly step: z.infer<typeof RotationEventSchema>['Step'];
  readonly rotation: Rotation;
}

/** What an event asks for, and how its secret stands. @throws UnknownSecretError */
export async function openRotation(
  { secrets, policy }: Pick<FinishDeps, 'secrets' | 'policy'>,
  event: unknown,
  context: InvocationContext,
): Promise<OpenedRotation> {
  const { Step, SecretId, ClientRequestToken, RotationToken, Compromised } =
    RotationEventSchema.parse(event);
  const secret = await secrets.describe(SecretId);
  const rotation = {
    secret,
    versionId: ClientRequestToken,
    rotationToken: RotationToken,
    planned: plannedKey(policy, secret.name),
    isCompromised: Compromised,
    remainingMs: () => context.getRemainingTimeInMillis(),
  };
  return { step: Step, rotation };
}

function plannedKey(policy: Policy, secretName: string): PlannedKey {
  const planned = plannedKeys(policy).find((candidate) => candidate.secretName === secretName);
  if (planned) return planned;
  throw new UnknownSecretError(
    `secret "${secretName}" is not a key of the policy: add it there or cancel its rotation`,
  );
}
