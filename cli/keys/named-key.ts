import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { wrongInput } from '../failure.js';

/** How keys are named to a command, for its help. */
export const KEY_ARGUMENT = '<workspace>/<key>, or the name of the secret';

/**
 * The key of the policy that somebody means: by workspace and name, by its secret, or by its name
 * alone where no other workspace has one of that name.
 *
 * @throws CommandFailure naming the keys there are
 */
export function namedKey(policy: Policy, name: string): PlannedKey {
  const planned = plannedKeys(policy);
  const wanted = name.replace(/^mistral\//, '');
  const found = planned.filter(
    ({ workspace, key }) => wanted === `${workspace.name}/${key.name}` || wanted === key.name,
  );
  const [only] = found;
  if (only && found.length === 1) return only;

  const problems = (found.length > 0 ? found : planned).map(shortName);
  throw wrongInput(
    found.length > 0
      ? `several keys are named ${name}; say which one:`
      : 'the policy has no key of that name; it has:', // what was given may be a key all the same
    { problems },
  );
}

/** As people type it. */
export function shortName({ workspace, key }: Pick<PlannedKey, 'workspace' | 'key'>): string {
  return `${workspace.name}/${key.name}`;
}
