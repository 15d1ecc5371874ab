import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';

/** How one step of the deployed rotation function ended. */
export type StepEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'undecided'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** What Secrets Manager does where keys rotate by themselves: it calls the rotation's steps. */
export interface SupplySteps {
  /** @throws CommandFailure where the function failed for another reason than the key's */
  run(step: 'testSecret' | 'finishSecret', secretName: string, versionId: string): Promise<StepEnd>;
}

const FailureSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

export function createSupplySteps(client: LambdaClient, functionName: string): SupplySteps {
  return {
    async run(step, secretName, versionId) {
      const event = { Step: step, SecretId: secretName, ClientRequestToken: versionId };
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      );
      if (FunctionError === undefined) return { kind: 'done' };
      return endOf(step, JSON.parse(Payload?.transformToString() || 'null'));
    },
  };
}

/** The names of errors are what the function and its callers agree on. */
function endOf(step: string, payload: unknown): StepEnd {
  const parsed = FailureSchema.safeParse(payload);
  const { errorType, errorMessage } = parsed.data ?? {
    errorType: 'Error',
    errorMessage: 'no answer',
  };
  switch (errorType) {
    case 'NewKeyUndecidedError':
      return { kind: 'undecided', reason: errorMessage };
    case 'SuppliedKeyRefusedError':
    case 'RotationRefusedError':
      return { kind: 'refused', reason: errorMessage };
    default:
      throw new CommandFailure(
        'function_failed',
        EXIT.no,
        `step ${step} failed: ${errorType}: ${errorMessage}; run the command again to go on with the key supplied`,
      );
  }
}
