import type { ManagedSecrets } from '../keys/managed-secrets.aws.js';
import type { Retirement } from '../keys/retirement.js';
import type { Retirements } from '../keys/retirements.aws.js';
import { type SecretFacts, type SecretState, unfinishedVersion } from '../keys/rotation.js';
import type { SecretVersions } from '../keys/secret-versions.aws.js';
import { mapBounded } from '../platform/map-bounded.js';
import { type PlannedKey, plannedKeys } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import type { Problems } from './problems.js';

const DESCRIBED_AT_ONCE = 8;

export interface SecretReaders {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly managedSecrets: ManagedSecrets;
}

/** Every managed secret of the policy by name, but for those that could not be described. */
export async function describeSecrets<Facts>(
  policy: Policy,
  describe: (planned: PlannedKey) => Promise<Facts>,
  problems: Problems,
): Promise<ReadonlyMap<string, Facts>> {
  const described = await mapBounded(plannedKeys(policy), DESCRIBED_AT_ONCE, async (planned) => {
    const what = `secret ${planned.secretName} could not be read`;
    const facts = await problems.attempt(what, () => describe(planned));
    return facts === undefined ? [] : [[planned.secretName, facts] as const];
  });
  return new Map(described.flat());
}

/** What Secrets Manager knows of a secret that it rotates. */
export async function describeRotated(
  { secrets, managedSecrets }: SecretReaders,
  planned: PlannedKey,
): Promise<SecretFacts> {
  const { secretName } = planned;
  const state = await secrets.describe(secretName);
  const pending = unfinishedVersion(state);
  const pendingSince =
    pending === undefined ? undefined : await managedSecrets.createdAt(secretName, pending);
  return { planned, state, pendingSince };
}

/** Those of the secrets whose labels have changed since: a rotation is in progress. */
export async function findChanging(
  suspects: ReadonlySet<string>,
  before: ReadonlyMap<string, SecretFacts>,
  secrets: SecretReaders['secrets'],
  problems: Problems,
): Promise<ReadonlySet<string>> {
  const changing = await mapBounded([...suspects], DESCRIBED_AT_ONCE, async (name) => {
    const now = await problems.attempt(`secret ${name} could not be read again`, () =>
      secrets.describe(name),
    );
    const facts = before.get(name);
    return now && facts && labelsOf(now) === labelsOf(facts.state) ? [] : [name];
  });
  return new Set(changing.flat());
}

function labelsOf({ stagesByVersion }: SecretState): string {
  const labels = Object.entries(stagesByVersion).map(
    ([version, stages]) => `${version}=${[...stages].sort().join('+')}`,
  );
  return labels.sort().join(' ');
}

/** Which keys retirements are going to revoke; `undefined` when they cannot be listed. */
export function runningRetirements(
  retirements: Pick<Retirements, 'running'>,
  problems: Problems,
): Promise<readonly Retirement[] | undefined> {
  return problems.attempt('running retirements could not be listed', async () => {
    const running: Retirement[] = [];
    for await (const retirement of retirements.running()) running.push(retirement);
    return running;
  });
}
