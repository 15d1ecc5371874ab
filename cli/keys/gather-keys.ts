import type { ManagedSecrets } from '../../governance/keys/managed-secrets.aws.js';
import { verifiedVersion } from '../../governance/keys/operator/operator-secret.js';
import { isTimely, type Retirement, retirementRules } from '../../governance/keys/retirement.js';
import { versionAt } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { describeExisting } from '../../governance/keys/stored-keys.js';
import type { KeySource } from '../../governance/mistral/key-source.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { collect } from '../../governance/platform/collect.js';
import { messageOf } from '../../governance/platform/failures.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { tokenOf } from '../../governance/policy/key-name.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { type KeyStatus, keyIdOf, keyStatus, suppliedStatus } from './key-status.js';
import type { RetirementFlows, RunningRetirement } from './retirement-flows.js';

export interface GatherDeps {
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly keySource: Pick<KeySource, 'list'>;
  readonly flows: Pick<RetirementFlows, 'running'>;
}

export interface KeyInventory {
  readonly keys: readonly KeyStatus[];
  /** What could not be checked; the rest is true even so. */
  readonly problems: readonly string[];
}

const KEYS_AT_ONCE = 4;

/** Checks every key of the policy: its secret, the key at Mistral, and running retirements. */
export async function gatherKeys(
  { secrets, keySource, flows }: GatherDeps,
  policy: Policy,
  now: Date,
): Promise<KeyInventory> {
  let mistralProblem: string | undefined;
  let all: ReturnType<typeof list> | undefined;
  const retirements = timely(await flows.running(), policy);

  /** After a failure, Mistral is not asked again for each key. */
  async function list(name?: string): Promise<readonly ListedKey[] | undefined> {
    if (mistralProblem !== undefined) return undefined;
    try {
      return await collect(keySource.list(name));
    } catch (error) {
      mistralProblem = `Mistral's list of keys could not be read, so last uses are unknown: ${messageOf(error)}`;
      return undefined;
    }
  }

  const keys = await mapBounded(plannedKeys(policy), KEYS_AT_ONCE, async (planned) => {
    const secret = await describeExisting(secrets, planned.secretName);
    const current = secret && versionAt(secret, 'AWSCURRENT');
    const named = current === undefined ? [] : await list(tokenOf(current));
    // A key that was taken over has any name.
    const id = keyIdOf(secret);
    const isFound = id === undefined || named?.some((key) => key.id === id);
    if (!isFound) all ??= list();
    const listed = isFound ? named : await all;
    return keyStatus({ planned, secret, listed, retirements, rotation: policy.rotation }, now);
  });
  return { keys, problems: mistralProblem === undefined ? [] : [mistralProblem] };
}

export interface GatherSuppliedDeps extends Pick<GatherDeps, 'secrets' | 'flows'> {
  readonly versions: ManagedSecrets;
}

/** Operator mode: the same without the Admin API. */
export async function gatherSuppliedKeys(
  { secrets, versions, flows }: GatherSuppliedDeps,
  policy: Policy,
  now: Date,
): Promise<KeyInventory> {
  const running = timely(await flows.running(), policy);
  const retiring = new Set(running.map(({ secretName }) => secretName));

  const keys = await mapBounded(plannedKeys(policy), KEYS_AT_ONCE, async (planned) => {
    const { secretName } = planned;
    const secret = await describeExisting(secrets, secretName);
    const version = secret && verifiedVersion(secret);
    const since = version === undefined ? undefined : await versions.createdAt(secretName, version);
    const isRetiring = retiring.has(secretName);
    return suppliedStatus({ planned, secret, since, isRetiring }, now);
  });
  return { keys, problems: [] };
}

/**
 * The flow follows the policy and not its input, which is written by those who may start it. Whether the secret held
 * the key is the audit's to prove, since few people may read secrets.
 */
function timely(running: readonly RunningRetirement[], { rotation }: Policy): Retirement[] {
  const rules = retirementRules(rotation);
  return running
    .filter(({ retirement, startedAt }) => isTimely({ ...retirement, startedAt }, rotation))
    .map(({ retirement }) => ({ ...retirement, rules }));
}
