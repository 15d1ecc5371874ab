import { auditGauges } from '../../governance/audit/audit-gauges.js';
import type { AuditMemory } from '../../governance/audit/finding-store.aws.js';
import { suppliedInventory } from '../../governance/audit/report/supplied-inventory.js';
import {
  judgeSupplied,
  secretsInUse,
  undecidedWithoutAdminApi,
} from '../../governance/audit/supplied-findings.js';
import type { OperatorSecret } from '../../governance/keys/operator/operator-secret.js';
import {
  unverifiedVersion,
  verifiedVersion,
} from '../../governance/keys/operator/operator-secret.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import { askForModels } from './ask-for-models.js';
import { DESCRIBED_AT_ONCE, runningRetirements } from './gather.js';
import type { NightlyAuditDeps } from './handler.js';
import { createProblems } from './problems.js';
import type { AuditResult } from './run-audit.js';

/**
 * The audit without the Admin API: by the dates that Secrets Manager keeps. It reads no value but one,
 * for a reading would itself be the last that its secret saw.
 */
export async function runOperatorAudit(
  deps: NightlyAuditDeps,
  memory: AuditMemory,
  now: Date,
): Promise<AuditResult> {
  const { policy } = deps;
  const problems = createProblems(deps.log);
  const planned = plannedKeys(policy);
  const described = await mapBounded(planned, DESCRIBED_AT_ONCE, (key) =>
    problems.attempt(`secret ${key.secretName} could not be read`, () => describeOne(deps, key)),
  );
  const secrets = described.filter((one) => one !== undefined);
  const byName = new Map(secrets.map((facts) => [facts.planned.secretName, facts]));
  const retirements = await runningRetirements(deps.retirements, problems);
  const models = await askForModels(deps, secretsInUse(secrets), memory, problems, now);
  const found = [
    ...secrets.flatMap((facts) => judgeSupplied(facts, policy, now)),
    ...models.findings,
  ];
  const unread = planned.filter((_, index) => described[index] === undefined);
  return {
    keys: secrets.filter(({ state }) => verifiedVersion(state) !== undefined).length,
    models: models.outcome,
    problems: problems.list,
    memory: models.memory,
    inventory: suppliedInventory(planned, byName, found, now),
    gaugesOf: (findings) =>
      auditGauges(
        { keysListed: undefined, secrets: secrets.map(asRotated), retirements, findings },
        now,
      ),
    listingError: undefined,
    currentAgainst: () => found,
    isUndecided: undecidedWithoutAdminApi(
      new Set(unread.map(({ secretName }) => secretName)),
      models.outcome === 'checked',
    ),
  };
}

/** Secrets Manager tells a last rotation only of what it rotates itself. */
function asRotated(facts: OperatorSecret): OperatorSecret {
  return { ...facts, state: { ...facts.state, lastRotatedAt: facts.currentSince } };
}

async function describeOne(
  { secrets, managedSecrets }: NightlyAuditDeps,
  planned: PlannedKey,
): Promise<OperatorSecret> {
  const { secretName } = planned;
  const state = await secrets.describe(secretName);
  const madeAt = async (version: string | undefined) =>
    version === undefined ? undefined : await managedSecrets.createdAt(secretName, version);
  return {
    planned,
    state,
    pendingSince: await madeAt(unverifiedVersion(state)),
    currentSince: await madeAt(verifiedVersion(state)),
  };
}
