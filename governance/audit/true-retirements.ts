import { heldVersion, notOfItsRotation } from '../keys/held-keys.js';
import { isTimely, type StartedRetirement } from '../keys/retirement.js';
import type { SecretVersions } from '../keys/secret-versions.aws.js';
import type { ListedKey } from '../mistral/mistral.js';
import { groupBy } from '../platform/group-by.js';
import { mapBounded } from '../platform/map-bounded.js';
import type { Policy } from '../policy/policy.js';
import type { Problems } from './problems.js';

/** The keys that a running retirement will revoke. */
export interface RetiringKeys {
  has(key: Pick<ListedKey, 'id' | 'name' | 'hiddenKey'>): boolean;
}

export interface RetirementProofDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
}

const READ_AT_ONCE = 8;

/**
 * Of what running executions say, only what they will do: their input is written by those who may start the flow.
 * One that revoke-key would refuse, or that waits for longer than the policy has any wait, retires nothing.
 */
export async function trueRetirements(
  deps: RetirementProofDeps,
  running: readonly StartedRetirement[],
  problems: Problems,
): Promise<RetiringKeys> {
  const real = await mapBounded(running, READ_AT_ONCE, async (retirement) => {
    if (!isTimely(retirement, deps.policy.rotation)) return [];
    const { oldKeyId, secretName } = retirement;
    const what = `the retirement of key ${oldKeyId} of ${secretName} could not be verified`;
    const held = await problems.attempt(what, () => heldVersion(deps, retirement));
    return typeof held === 'object' ? [{ retirement, apiKey: held.apiKey }] : [];
  });
  const byKey = groupBy(real.flat(), ({ retirement }) => retirement.oldKeyId);
  return {
    has: (key) =>
      byKey
        .get(key.id)
        ?.some(
          ({ retirement, apiKey }) => notOfItsRotation(deps, retirement, key, apiKey) === undefined,
        ) ?? false,
  };
}
