import type { ManagedSecrets } from '../../governance/keys/managed-secrets.aws.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { Retirements } from '../../governance/keys/retirements.aws.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import { type SecretFacts, unfinishedVersion } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Problems } from './problems.js';

export const DESCRIBED_AT_ONCE = 8;

type Describe = Pick<SecretVersions, 'describe'>;

/** Every managed secret of the policy by name, but for those that could not be described. */
export async function describeSecrets(
  policy: Policy,
  secrets: Describe,
  versions: ManagedSecrets,
  problems: Problems,
): Promise<ReadonlyMap<string, SecretFacts>> {
  const described = await mapBounded(plannedKeys(policy), DESCRIBED_AT_ONCE, (planned) =>
    problems.attempt(`secret ${planned.secretName} could not be read`, () =>
      describeOne(planned, secrets, versions),
    ),
  );
  return new Map(
    described.flatMap((facts) => (facts ? [[facts.planned.secretName, facts] as const] : [])),
  );
}

async function describeOne(
  planned: PlannedKey,
  secrets: Describe,
  versions: ManagedSecrets,
): Promise<SecretFacts> {
  const state = await secrets.describe(planned.secretName);
  const pending = unfinishedVersion(state);
  const pendingSince =
    pending === undefined ? undefined : await versions.createdAt(planned.secretName, pending);
  return { planned, state, pendingSince };
}

/** Those of the secrets whose labels are no longer as they were: a rotation is under way. */
export async function findMoving(
  suspects: ReadonlySet<string>,
  before: ReadonlyMap<string, SecretFacts>,
  secrets: Describe,
  problems: Problems,
): Promise<ReadonlySet<string>> {
  const moving = await mapBounded([...suspects], DESCRIBED_AT_ONCE, async (name) => {
    const now = await problems.attempt(`secret ${name} could not be read again`, () =>
      secrets.describe(name),
    );
    const facts = before.get(name);
    return now && facts && sameLabels(now, facts.state) ? [] : [name];
  });
  return new Set(moving.flat());
}

function sameLabels(one: SecretState, other: SecretState): boolean {
  return labelsOf(one) === labelsOf(other);
}

function labelsOf({ stagesByVersion }: SecretState): string {
  const labels = Object.entries(stagesByVersion).map(
    ([version, stages]) => `${version}=${[...stages].sort().join('+')}`,
  );
  return labels.sort().join(' ');
}

/** What a retirement will revoke; `undefined` when that cannot be listed. */
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
