import { type SecretState, versionAt } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { KeySource } from '../../governance/mistral/key-source.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { SecretGoneError } from '../../governance/platform/errors.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { tokenOf } from '../../governance/policy/key-name.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { messageOf } from '../failure.js';
import { type KeyFacts, type KeyStatus, keyStatus } from './key-status.js';
import type { RetirementFlows } from './retirement-flows.js';

export interface GatherDeps {
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly keySource: Pick<KeySource, 'list'>;
  readonly flows: Pick<RetirementFlows, 'running'>;
}

export interface KeyInventory {
  readonly keys: readonly KeyStatus[];
  /** What could not be found out; the rest is true nevertheless. */
  readonly problems: readonly string[];
}

const KEYS_AT_ONCE = 4;

/** Looks at every key of the policy: its secret, the key at Mistral, and old keys on their way out. */
export async function gatherKeys(
  { secrets, keySource, flows }: GatherDeps,
  policy: Policy,
  now: Date,
): Promise<KeyInventory> {
  let mistralProblem: string | undefined;
  const retirements = (await flows.running()).map(({ retirement }) => retirement);

  async function ask(planned: PlannedKey): Promise<KeyFacts> {
    const secret = await describeSecret(secrets, planned.secretName);
    const current = secret && versionAt(secret, 'AWSCURRENT');
    const listed = current === undefined ? [] : await list(tokenOf(current));
    return { planned, secret, listed, retirements };
  }

  /** Once Mistral does not answer, it is not asked again for each key. */
  async function list(name: string): Promise<readonly ListedKey[] | undefined> {
    if (mistralProblem !== undefined) return undefined;
    try {
      const keys: ListedKey[] = [];
      for await (const key of keySource.list(name)) keys.push(key);
      return keys;
    } catch (error) {
      mistralProblem = `Mistral's list of keys could not be read, so last uses are not known: ${messageOf(error)}`;
      return undefined;
    }
  }

  const facts = await mapBounded(plannedKeys(policy), KEYS_AT_ONCE, ask);
  return {
    keys: facts.map((one) => keyStatus(one, now)),
    problems: mistralProblem === undefined ? [] : [mistralProblem],
  };
}

/** `undefined` where there is no such secret. */
export async function describeSecret(
  secrets: GatherDeps['secrets'],
  secretName: string,
): Promise<SecretState | undefined> {
  try {
    return await secrets.describe(secretName);
  } catch (error) {
    if (error instanceof SecretGoneError) return undefined;
    throw error;
  }
}
