import type { DeployedFunctions, FunctionEnd } from '../deployed-functions.js';
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
  run(
    step: 'testSecret' | 'finishSecret',
    secretName: string,
    versionId: string,
    options?: { readonly compromised: boolean },
  ): Promise<StepEnd>;
}

export function createSupplySteps(
  functions: Pick<DeployedFunctions, 'call'>,
  functionName: string,
): SupplySteps {
  return {
    async run(step, secretName, versionId, { compromised } = { compromised: false }) {
      const event = {
        Step: step,
        SecretId: secretName,
        ClientRequestToken: versionId,
        ...(compromised && { Compromised: true }),
      };
      return stepEnd(step, await functions.call(functionName, event));
    },
  };
}

/** The names of errors are what the function and its callers agree on. */
function stepEnd(step: string, end: FunctionEnd): StepEnd {
  if (end.kind === 'answered') return { kind: 'done' };
  const { errorType, errorMessage } = end;
  switch (errorType) {
    case 'NewKeyUndecidedError':
      return { kind: 'undecided', reason: errorMessage };
    case 'OperatorKeyRejectedError':
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
