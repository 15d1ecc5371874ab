import type { KeyEvents } from '../keys/key-events.aws.js';
import type { ListModels } from '../keys/model-catalog.js';
import type { Retirements } from '../keys/retirements.aws.js';
import { unfinishedVersion } from '../keys/rotation.js';
import type { KeySource } from '../mistral/key-source.js';
import type { ListedKey } from '../mistral/mistral.js';
import type { Organization } from '../mistral/organization.js';
import { collect } from '../platform/collect.js';
import { messageOf } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import { plannedKeys } from '../policy/planned-keys.js';
import { type Acceptances, createAcceptances } from './acceptances.js';
import { type Audit, createAudit } from './audit.js';
import type { GaugeFacts } from './audit-metrics.js';
import { type CheckedModels, checkModels } from './check-models.js';
import type { Coverage } from './coverage.js';
import type { Finding } from './finding.js';
import type { AuditMemory } from './finding-store.aws.js';
import { type OpenRequest, requestsAboutUse } from './open-requests.js';
import { judgeRateLimit, judgeSpendLimit, judgeWorkspaces } from './policy-drift.js';
import { judgePriceDrift, judgeUnknownPrices, NO_PRICE_FACTS } from './price-findings.js';
import { createProblems, type Problems } from './problems.js';
import { type PriceSources, readPriceFacts } from './read-prices.js';
import { createInventory, type Inventory, type InventoryBuilder } from './report/inventory.js';
import type { SecretReaders } from './report/report-access.js';
import { judgeRotations } from './rotation-findings.js';
import {
  describeSecrets,
  findChanging,
  keyIdsOf,
  readersOf,
  runningRetirements,
  type SecretSources,
} from './secret-facts.js';
import {
  type RetirementProofDeps,
  type RetiringKeys,
  trueRetirements,
} from './true-retirements.js';
import type { UnmanagedKeys } from './unmanaged-keys.js';
import { findUnownedObjects, type ObjectSources } from './unowned-objects.js';

/** What every audit asks, with the Admin API or without. */
export interface AuditDeps extends SecretSources {
  readonly retirements: Pick<Retirements, 'running'>;
  readonly listModels: ListModels;
  readonly keyEvents: KeyEvents;
  readonly log: Log;
}

export interface AdminAuditDeps extends AuditDeps, Pick<PriceSources, 'publishedPrices'> {
  readonly secrets: RetirementProofDeps['secrets'];
  readonly keySource: Pick<KeySource, 'list'>;
  /** @default none: objects without an owner are not looked for */
  readonly files?: Omit<ObjectSources, 'policy'> | undefined;
  readonly organization: Pick<
    Organization,
    'workspaces' | 'requestsPerSecond' | 'spendLimit' | 'usage' | 'memberNames'
  >;
}

/** What one audit found, and how much it could check. */
export interface AuditRun {
  /** How many keys Mistral listed; without the Admin API, how many secrets hold one. */
  readonly keys: number;
  /** Those that the policy does not accept. */
  readonly findings: readonly Finding[];
  readonly acceptances: Acceptances;
  readonly unmanaged: UnmanagedKeys;
  readonly coverage: Coverage;
  readonly models: CheckedModels;
  readonly inventory: Inventory;
  /** What retirements have asked for, and wait for. */
  readonly requests: readonly OpenRequest[];
  readonly readers: readonly SecretReaders[];
  readonly gauges: GaugeFacts;
  readonly problems: readonly string[];
  /** Why not every key was listed, if so. */
  readonly listingError: unknown;
}

/** Gathers the facts and judges them. A fact that cannot be read is a problem, and the audit continues. */
export async function runAudit(
  deps: AdminAuditDeps,
  memory: AuditMemory,
  now: Date,
): Promise<AuditRun> {
  const { policy } = deps;
  const problems = createProblems(deps.log);
  const [secrets, drift] = await Promise.all([
    describeSecrets(
      deps,
      async (state, createdAt) => ({ pendingSince: await createdAt(unfinishedVersion(state)) }),
      problems,
    ),
    judgeOrganization(deps, problems, now),
  ]);
  const retirements = await runningRetirements(deps.retirements, problems);
  const retiring = retirements && (await trueRetirements(deps, retirements, problems));
  const states = new Map([...secrets].map(([name, { state }]) => [name, state]));
  const planned = plannedKeys(policy);
  const workspaces = new Map(policy.workspaces.map((workspace) => [workspace.id, workspace]));
  const keyIds = await keyIdsOf(deps, secrets, problems);
  const facts = { planned, secrets: states, keyIds, retiring, workspaces };
  const acceptances = createAcceptances(policy.audit.accepted, now);
  const audit = createAudit(facts, policy.audit, now, acceptances);
  const inventory = createInventory(facts, policy.audit, now);
  const { keys, error, oldKeys } = await checkEveryKey(deps, audit, inventory, problems, retiring);
  const changing = await findChanging(audit.suspects(), secrets, deps.secrets, problems);
  const models = await checkModels(deps, audit.inUse(), memory, problems, now);
  const unowned = await findUnownedObjects(
    deps.files && { ...deps.files, policy },
    audit.inUse(),
    memory,
    models.memory,
    problems,
    now,
  );
  const prices = await readPriceFacts(deps, models.listed, problems, now);

  const unread = planned.map(({ secretName }) => secretName).filter((name) => !secrets.has(name));
  const view = { complete: error === undefined, changing };
  const coverage: Coverage = {
    source: 'admin-api',
    allKeys: view.complete,
    retirements: retiring !== undefined,
    workspaces: drift.workspaces !== undefined,
    rateLimit: drift.rateLimit !== undefined,
    spendLimit: drift.spendLimit !== undefined,
    models: models.outcome === 'checked',
    prices: prices !== undefined,
    uncheckedWorkspaces: deps.files && unowned.uncheckedWorkspaces,
    unclearSecrets: new Set([...unread, ...changing]),
  };
  const findings = [
    ...audit.findings(view),
    ...acceptances.withoutAccepted([
      ...[...secrets.values()].flatMap((secret) => judgeRotations(secret, policy.rotation, now)),
      ...Object.values(drift).flatMap((found) => found ?? []),
      ...models.findings,
      ...unowned.findings,
      ...judgeUnknownPrices(policy, models.listed, prices ?? NO_PRICE_FACTS, now),
      ...judgePriceDrift(policy, prices ?? NO_PRICE_FACTS, now),
    ]),
    ...acceptances.unused(coverage),
  ];
  return {
    keys,
    findings,
    acceptances,
    unmanaged: audit.unmanaged,
    coverage,
    models: { ...models, memory: unowned.memory },
    requests: requestsAboutUse(retirements ?? [], oldKeys, policy, now),
    inventory: inventory.build(
      view,
      [...findings, ...acceptances.accepted],
      await ownerNames(deps),
    ),
    readers: await readersOf(deps, problems),
    gauges: {
      keysListed: view.complete ? keys : undefined,
      secrets: [...secrets.values()],
      retirements,
    },
    problems: problems.list,
    listingError: error,
  };
}

async function checkEveryKey(
  { keySource }: AdminAuditDeps,
  audit: Audit,
  inventory: InventoryBuilder,
  problems: Problems,
  retiring: RetiringKeys | undefined,
): Promise<{ keys: number; error: unknown; oldKeys: ReadonlyMap<string, ListedKey> }> {
  let keys = 0;
  const oldKeys = new Map<string, ListedKey>();
  try {
    for await (const key of keySource.list()) {
      keys += 1;
      inventory.add(key, audit.check(key));
      if (retiring?.has(key)) oldKeys.set(key.id, key);
    }
    return { keys, error: undefined, oldKeys };
  } catch (error) {
    const reason = messageOf(error);
    problems.note(`keys at Mistral could only be listed in part (${keys} listed)`, reason);
    return { keys, error: error ?? new Error(reason), oldKeys };
  }
}

/** Of the policy's owners. Without them, the report has their ids. */
async function ownerNames({
  organization,
  policy,
  log,
}: AdminAuditDeps): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(policy.workspaces.flatMap(({ ownerUserId }) => ownerUserId ?? []));
  try {
    return await organization.memberNames(ids);
  } catch (error) {
    log.warn('the names of owners could not be read', { error });
    return new Map();
  }
}

/** What of the policy differs from the organization at Mistral; `undefined` where that cannot be read. */
async function judgeOrganization(
  { organization, policy }: AdminAuditDeps,
  problems: Problems,
  now: Date,
) {
  const [workspaces, rateLimit, spendLimit] = await Promise.all([
    problems.attempt('workspaces at Mistral could not be listed', async () => {
      return judgeWorkspaces(policy, await collect(organization.workspaces()), now);
    }),
    problems.attempt("Mistral's rate limit could not be read", async () =>
      judgeRateLimit(policy, await organization.requestsPerSecond(), now),
    ),
    problems.attempt("Mistral's spend limit could not be compared", async () => {
      const limit = await organization.spendLimit();
      const { currency } = policy.mistral;
      if ((limit.currency ?? currency) === currency) return judgeSpendLimit(policy, limit, now);
      throw new Error(`it is in ${limit.currency}, the policy's budgets are in ${currency}`);
    }),
  ]);
  return { workspaces, rateLimit, spendLimit };
}
