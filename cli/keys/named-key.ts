import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { wrongInput } from '../failure.js';

/** How a command's arguments name keys, for its help. */
export const KEY_ARGUMENT = '<workspace>/<key>, or the name of the secret';

/**
 * The policy's key of this name: by workspace and name, by its secret, or by its name alone where no
 * other workspace has a key of that name.
 *
 * @throws CommandFailure naming the keys of the policy
 */
export function namedKey(policy: Policy, name: string): PlannedKey {
  const planned = plannedKeys(policy);
  const wanted = shortName(name);
  const found = planned.filter(
    ({ secretName, key }) => wanted === shortName(secretName) || wanted === key.name,
  );
  const [only] = found;
  if (only && found.length === 1) return only;

  const problems = (found.length > 0 ? found : planned).map((one) => shortName(one.secretName));
  throw wrongInput(
    found.length > 0
      ? `several keys are named ${name}; specify which one:`
      : 'the policy has no key of that name; it has:', // the name may be a key by mistake
    { problems },
  );
}

/** A secret as users type it: `<workspace>/<key>`. */
export function shortName(secretName: string): string {
  return secretName.replace(/^mistral\//, '');
}

/** @throws CommandFailure for a policy with another source of keys, with what to do instead */
export function requireKeySource(
  { mistral }: Policy,
  keySource: Policy['mistral']['keySource'],
  instead: string,
  steps?: readonly string[],
): void {
  if (mistral.keySource === keySource) return;
  const message = `mistral.keySource of the policy is ${mistral.keySource}: ${instead}`;
  throw wrongInput(message, { problems: steps });
}
