import {
  type OperatorSecret,
  unverifiedVersion,
  verifiedVersion,
} from '../keys/operator/operator-secret.js';
import { mapBounded } from '../platform/map-bounded.js';
import { plannedKeys } from '../policy/planned-keys.js';
import { createAcceptances } from './acceptances.js';
import { checkModels } from './check-models.js';
import type { Coverage } from './coverage.js';
import type { AuditMemory } from './finding-store.aws.js';
import { requestsForDeletion } from './open-requests.js';
import { judgeOperatorSecret, secretsInUse } from './operator-findings.js';
import { judgeUnknownPrices, NO_PRICE_FACTS } from './price-findings.js';
import { createProblems, type Problems } from './problems.js';
import { operatorInventory } from './report/operator-inventory.js';
import type { AuditDeps, AuditRun } from './run-audit.js';
import { describeSecrets, readersOf, runningRetirements } from './secret-facts.js';
import { NO_UNMANAGED_KEYS } from './unmanaged-keys.js';

const READ_AT_ONCE = 8;

/**
 * The audit without the Admin API: by the dates that Secrets Manager keeps. It reads the value of one
 * secret at most, because a read changes the date on which its secret was last read.
 */
export async function runOperatorAudit(
  deps: AuditDeps,
  memory: AuditMemory,
  now: Date,
): Promise<AuditRun> {
  const { policy } = deps;
  const problems = createProblems(deps.log);
  const secrets = await describeSecrets(
    deps,
    async (state, createdAt) => ({
      pendingSince: await createdAt(unverifiedVersion(state)),
      currentSince: await createdAt(verifiedVersion(state)),
    }),
    problems,
  );
  const held = [...secrets.values()];
  const retirements = await runningRetirements(deps.retirements, problems);
  const models = await checkModels(deps, secretsInUse(held), memory, problems, now);
  const planned = plannedKeys(policy);
  const names = planned.map(({ secretName }) => secretName);
  const coverage: Coverage = {
    source: 'operator',
    models: models.outcome === 'checked',
    unclearSecrets: new Set(names.filter((name) => !secrets.has(name))),
  };
  const acceptances = createAcceptances(policy.audit.accepted, now);
  const findings = [
    ...acceptances.withoutAccepted([
      ...held.flatMap((secret) => judgeOperatorSecret(secret, policy, now)),
      ...models.findings,
      ...judgeUnknownPrices(policy, models.listed, NO_PRICE_FACTS, now),
    ]),
    ...acceptances.unused(coverage),
  ];
  return {
    keys: held.filter(({ state }) => verifiedVersion(state) !== undefined).length,
    findings,
    acceptances,
    unmanaged: NO_UNMANAGED_KEYS,
    coverage,
    models,
    requests: requestsForDeletion(retirements ?? [], now),
    inventory: operatorInventory(
      planned,
      secrets,
      [...findings, ...acceptances.accepted],
      await consoleNames(deps, held, problems),
      now,
    ),
    readers: await readersOf(deps, problems),
    gauges: { keysListed: undefined, secrets: held.map(asRotated), retirements },
    problems: problems.list,
    listingError: undefined,
  };
}

/** What keys are called in Mistral's console, as the operators said when they supplied them. */
async function consoleNames(
  { keyEvents }: AuditDeps,
  held: readonly OperatorSecret[],
  problems: Problems,
): Promise<ReadonlyMap<string, string>> {
  const named = await problems.attempt('the names of supplied keys could not be read', () =>
    mapBounded(held, READ_AT_ONCE, async ({ planned: { secretName }, state }) => {
      const version = verifiedVersion(state);
      const name = version && (await keyEvents.keyOf(secretName, version));
      return name === undefined ? [] : [[secretName, name] as const];
    }),
  );
  return new Map(named?.flat());
}

/** Secrets Manager has the date of the last rotation only of what it rotates itself. */
function asRotated(facts: OperatorSecret): OperatorSecret {
  return { ...facts, state: { ...facts.state, lastRotatedAt: facts.currentSince } };
}
