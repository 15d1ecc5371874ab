import { type Audit, createAudit } from '../../governance/audit/audit.js';
import { type AuditGauges, auditGauges } from '../../governance/audit/audit-gauges.js';
import { notYetGrouped, undecidedBy } from '../../governance/audit/coverage.js';
import type { Finding } from '../../governance/audit/finding.js';
import type { AuditMemory } from '../../governance/audit/finding-store.aws.js';
import {
  judgeRateLimit,
  judgeSpendLimit,
  judgeWorkspaces,
} from '../../governance/audit/policy-drift.js';
import {
  type Inventory,
  type InventoryTaking,
  takeInventory,
} from '../../governance/audit/report/inventory.js';
import { judgeRotations } from '../../governance/audit/rotation-findings.js';
import type { MistralWorkspace } from '../../governance/mistral/mistral.js';
import type { SpendLimit } from '../../governance/mistral/mistral-limits.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { askForModels } from './ask-for-models.js';
import { describeSecrets, findMoving, runningRetirements } from './gather.js';
import type { AdminAuditDeps, AuditSummary } from './handler.js';
import { createProblems, type Problems } from './problems.js';

export interface AuditResult extends Pick<AuditSummary, 'keys' | 'models' | 'problems'> {
  /** What was found, given what is open already. */
  currentAgainst(open: readonly Finding[]): readonly Finding[];
  /** Whether the audit could not have seen that a finding is gone. */
  isUndecided(finding: Finding): boolean;
  /** The audit in numbers, given what holds after all. */
  gaugesOf(findings: readonly Finding[]): AuditGauges;
  readonly memory: AuditMemory;
  readonly inventory: Inventory;
  /** Why not every key was seen, if so. */
  readonly listingError: unknown;
}

/** Gathers the facts and judges them; whatever cannot be found out is a problem, not the end. */
export async function runAudit(
  deps: AdminAuditDeps,
  memory: AuditMemory,
  now: Date,
): Promise<AuditResult> {
  const { policy } = deps;
  const problems = createProblems(deps.log);
  const [secrets, organization] = await Promise.all([
    describeSecrets(policy, deps.secrets, deps.managedSecrets, problems),
    askOrganization(deps, problems),
  ]);
  const retirements = await runningRetirements(deps.retirements, problems);
  const retiring = retirements && new Set(retirements.map(({ oldKeyId }) => oldKeyId));
  const states = new Map([...secrets].map(([name, { state }]) => [name, state]));
  const planned = plannedKeys(policy);
  const workspaceNames = new Map(policy.workspaces.map(({ id, name }) => [id, name]));
  const facts = { planned, secrets: states, retiring, workspaceNames };
  const audit = createAudit(facts, policy.audit, now);
  const inventory = takeInventory({ ...facts, workspaces: policy.workspaces }, policy.audit, now);
  const listing = await seeEveryKey(deps, audit, inventory, problems);
  const moving = await findMoving(audit.suspects(), secrets, deps.secrets, problems);
  const models = await askForModels(deps, audit.inUse(), memory, problems, now);

  const unread = planned.map(({ secretName }) => secretName).filter((name) => !secrets.has(name));
  const complete = listing.error === undefined;
  const found = [
    ...audit.findings({ complete, moving }),
    ...[...secrets.values()].flatMap((facts) => judgeRotations(facts, now)),
    ...judgeOrganization(policy, organization, now),
    ...models.findings,
  ];
  return {
    keys: listing.keys,
    models: models.outcome,
    problems: problems.list,
    memory: models.memory,
    inventory: inventory.taken({ complete, moving }, found),
    listingError: listing.error,
    gaugesOf: (findings) =>
      auditGauges(
        {
          keysListed: complete ? listing.keys : undefined,
          secrets: [...secrets.values()],
          retirements,
          findings,
        },
        now,
      ),
    currentAgainst: (open) => (complete ? found : notYetGrouped(found, open)),
    isUndecided: undecidedBy({
      allKeys: complete,
      retirements: retiring !== undefined,
      workspaces: organization.workspaces !== undefined,
      rateLimit: organization.requestsPerSecond !== undefined,
      spendLimit: organization.spendLimit !== undefined,
      models: models.outcome === 'checked',
      unclearSecrets: new Set([...unread, ...moving]),
    }),
  };
}

async function seeEveryKey(
  { keySource }: AdminAuditDeps,
  audit: Audit,
  inventory: InventoryTaking,
  problems: Problems,
): Promise<{ keys: number; error: unknown }> {
  let keys = 0;
  try {
    for await (const key of keySource.list()) {
      keys += 1;
      inventory.see(key, audit.see(key));
    }
    return { keys, error: undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.note(`keys at Mistral could only be listed in part (${keys} seen)`, reason);
    return { keys, error: error ?? new Error(reason) };
  }
}

interface OrganizationFacts {
  readonly workspaces: readonly MistralWorkspace[] | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly spendLimit: SpendLimit | undefined;
}

async function askOrganization(
  { organization, policy }: AdminAuditDeps,
  problems: Problems,
): Promise<OrganizationFacts> {
  const [workspaces, requestsPerSecond, spendLimit] = await Promise.all([
    problems.attempt('workspaces at Mistral could not be listed', () =>
      everyOne(organization.workspaces()),
    ),
    problems.attempt("Mistral's rate limit could not be read", () =>
      organization.requestsPerSecond(),
    ),
    problems.attempt("Mistral's spend limit could not be compared", async () => {
      const limit = await organization.spendLimit();
      const { currency } = policy.mistral;
      if ((limit.currency ?? currency) === currency) return limit;
      throw new Error(`it is in ${limit.currency}, the policy's budgets are in ${currency}`);
    }),
  ]);
  return { workspaces, requestsPerSecond, spendLimit };
}

async function everyOne<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function judgeOrganization(policy: Policy, facts: OrganizationFacts, now: Date): Finding[] {
  const { workspaces, requestsPerSecond, spendLimit } = facts;
  return [
    ...(workspaces ? judgeWorkspaces(policy, workspaces, now) : []),
    ...(requestsPerSecond === undefined ? [] : judgeRateLimit(policy, requestsPerSecond, now)),
    ...(spendLimit ? judgeSpendLimit(policy, spendLimit, now) : []),
  ];
}
