import type { Policy } from '../../governance/policy/policy.js';
import { wrongInput } from '../failure.js';

/** @throws CommandFailure where a person makes and deletes keys, with what to do instead */
export function refuseWithOperator(
  { mistral }: Policy,
  instead: string,
  steps?: readonly string[],
): void {
  if (mistral.keySource === 'operator') throw refusal(mistral.keySource, instead, steps);
}

/** @throws CommandFailure where keys are made by themselves, with what to do instead */
export function refuseWithAdminApi({ mistral }: Policy, instead: string): void {
  if (mistral.keySource === 'admin-api') throw refusal(mistral.keySource, instead);
}

function refusal(keySource: string, instead: string, steps?: readonly string[]) {
  const message = `mistral.keySource of the policy is ${keySource}: ${instead}`;
  return wrongInput(message, { problems: steps });
}
