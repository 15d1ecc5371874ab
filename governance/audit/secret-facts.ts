import type { ManagedSecrets } from '../keys/managed-secrets.aws.js';
import type { StartedRetirement } from '../keys/retirement.js';
import type { Retirements } from '../keys/retirements.aws.js';
import { type SecretFacts, type SecretState, versionAt } from '../keys/rotation.js';
import type { SecretVersions } from '../keys/secret-versions.aws.js';
import { readOwnKey } from '../keys/stored-keys.js';
import { labelOf } from '../keys/version-label.js';
import { collect } from '../platform/collect.js';
import { messageOf } from '../platform/failures.js';
import { mapBounded } from '../platform/map-bounded.js';
import { countText } from '../platform/wording.js';
import { formatOf, plannedKeys } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import type { KeyIds } from './managed-versions.js';
import type { Problems } from './problems.js';
import type { SecretReaders } from './report/report-access.js';

const DESCRIBED_AT_ONCE = 8;

export interface SecretSources {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly managedSecrets: ManagedSecrets;
}

/** When a version of the secret was created; `undefined` where there is none. */
type CreatedAt = (versionId: string | undefined) => Promise<Date | undefined>;

/** Every managed secret of the policy by name, but for those that could not be described. */
export async function describeSecrets<Dates>(
  { policy, secrets, managedSecrets }: SecretSources,
  datesOf: (state: SecretState, createdAt: CreatedAt) => Promise<Dates>,
  problems: Problems,
): Promise<ReadonlyMap<string, Pick<SecretFacts, 'planned' | 'state'> & Dates>> {
  const described = await mapBounded(plannedKeys(policy), DESCRIBED_AT_ONCE, async (planned) => {
    const { secretName } = planned;
    const facts = await problems.attempt(`secret ${secretName} could not be read`, async () => {
      const state = await secrets.describe(secretName);
      if (state.isBeingDeleted) {
        const restore = `aws secretsmanager restore-secret --secret-id ${secretName}`;
        problems.note(`secret ${secretName} is being deleted`, `its readers fail; ${restore}`);
      }
      const dates = await datesOf(state, async (version) =>
        version === undefined ? undefined : await managedSecrets.createdAt(secretName, version),
      );
      return { planned, state, ...dates };
    });
    return facts === undefined ? [] : [[secretName, facts] as const];
  });
  return new Map(described.flat());
}

/** The current keys of secrets in which others have stored a version since, to change what is beside the key. */
export async function keyIdsOf(
  { secrets }: { readonly secrets: Pick<SecretVersions, 'read'> },
  described: ReadonlyMap<string, Pick<SecretFacts, 'planned' | 'state'>>,
  problems: Problems,
): Promise<KeyIds> {
  const foreign = [...described.values()].filter(({ planned }) => formatOf(planned) !== 'json');
  const found = await mapBounded(foreign, DESCRIBED_AT_ONCE, async ({ planned, state }) => {
    const version = versionAt(state, 'AWSCURRENT');
    if (version === undefined || labelOf(state.stagesByVersion[version])) return [];
    const what = `the key of secret ${planned.secretName} could not be read`;
    const key = await problems.attempt(what, () => readOwnKey(secrets, state.arn, version));
    return key ? [[version, key.keyId] as const] : [];
  });
  return new Map(found.flat());
}

/** Those of the secrets whose labels have changed since: a rotation is in progress. */
export async function findChanging(
  suspects: ReadonlySet<string>,
  before: ReadonlyMap<string, SecretFacts>,
  secrets: SecretSources['secrets'],
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

/** What running executions say that they retire; `undefined` when they cannot be listed. */
export function runningRetirements(
  retirements: Pick<Retirements, 'running'>,
  problems: Problems,
): Promise<readonly StartedRetirement[] | undefined> {
  return problems.attempt('running retirements could not be listed', () =>
    collect(retirements.running()),
  );
}

/** Who may read each secret of the policy, by the secrets' own policies where those can be read. */
export async function readersOf(
  { policy, managedSecrets }: SecretSources,
  problems: Problems,
): Promise<readonly SecretReaders[]> {
  const failed: string[] = [];
  const readers = await mapBounded(
    plannedKeys(policy),
    DESCRIBED_AT_ONCE,
    async ({ secretName, key }): Promise<SecretReaders> => {
      const facts = { secret: secretName, named: key.readers };
      try {
        const arns = await managedSecrets.readers(secretName);
        const others = arns?.filter((arn) => !key.readers.includes(arn)) ?? [];
        return { ...facts, others, isClosed: arns !== undefined };
      } catch (error) {
        failed.push(messageOf(error));
        return { ...facts, others: null, isClosed: null };
      }
    },
  );
  const [reason] = failed;
  if (reason !== undefined) {
    problems.note(`who may read ${countText(failed.length, 'secret')} could not be read`, reason);
  }
  return readers;
}
