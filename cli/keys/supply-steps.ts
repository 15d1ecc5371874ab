import type { DeployedFunctions, FunctionEnd } from '../deployed-functions.js';
import { CommandFailure, EXIT } from '../failure.js';

/** How one step of the deployed rotation function ended. */
export type StepEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'undecided'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** The steps of a rotation, which Secrets Manager calls where keys rotate by themselves. */
export interface SupplySteps {
  /** @throws CommandFailure where the function failed for a reason other than the key */
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

/** Function and command line agree on the names of errors. */
function stepEnd(step: string, end: FunctionEnd): StepEnd {
  if (end.kind === 'answered') return { kind: 'done' };
  const { errorType, errorMessage } = end;
  switch (errorType) {
    case 'NewKeyUndecidedError':
      return { kind: 'undecided', reason: errorMessage };
    case 'SuppliedKeyRefusedError':
    case 'RotationRefusedError':
      return { kind: 'rejected', reason: errorMessage };
    default:
      throw new CommandFailure(
        'function_failed',
        EXIT.no,
        `step ${step} failed: ${errorType}: ${errorMessage}; run the command again to continue with the supplied key`,
      );
  }
}
