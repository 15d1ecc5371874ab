import { type AuditFacts, type AuditView, createAudit } from '../../governance/audit/audit.js';
import type { Coverage } from '../../governance/audit/coverage.js';
import {
  type AuditReport,
  auditReport,
  type ReportedDeployment,
  type ReportedHistory,
  type ReportFacts,
} from '../../governance/audit/report/audit-report.js';
import { createInventory, type Inventory } from '../../governance/audit/report/inventory.js';
import type { KeyEvents } from '../../governance/keys/key-events.aws.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { aManagedSecret, DEV, NO_CHANGES, NOW } from './audit-builders.js';
import { aPolicy } from './builders.js';

const policy = aPolicy((document) => {
  document.gateway = { enabled: false };
});

/** What an inventory says of these keys, with the dev team's secret alone in the policy. */
export function inventoryOf(
  keys: Iterable<ListedKey>,
  facts: Partial<AuditFacts> = {},
  view: Partial<AuditView> = {},
): Inventory {
  const known: AuditFacts = {
    planned: plannedKeys(policy).filter(({ secretName }) => secretName === DEV),
    secrets: new Map([[DEV, aManagedSecret(DEV)]]),
    retiring: { has: () => false },
    workspaces: new Map(policy.workspaces.map((workspace) => [workspace.id, workspace])),
    ...facts,
  };
  const seen = { complete: true, changing: new Set<string>(), ...view };
  const audit = createAudit(known, policy.audit, NOW);
  const inventory = createInventory(known, policy.audit, NOW);
  for (const key of keys) inventory.add(key, audit.check(key));
  return inventory.build(seen, audit.findings(seen));
}

export const A_DEPLOYMENT: ReportedDeployment = {
  account: '111122223333',
  region: 'eu-west-1',
  stack: 'MistralGovernance',
  product: '0.1.0',
  policySha256: '5f2c'.repeat(16),
};

/** Nothing happened, and no key has a name. */
export const NO_EVENTS: KeyEvents = {
  async *between() {},
  keyOf: async () => undefined,
};

export const NO_HISTORY: ReportedHistory = {
  from: '2026-06-29T01:45:00.000Z',
  until: '2026-06-30T01:45:00.000Z',
  events: [],
  leftOut: 0,
  isKnown: true,
};

/** Of an audit that could check everything. */
export const FULL_COVERAGE: Extract<Coverage, { source: 'admin-api' }> = {
  source: 'admin-api',
  allKeys: true,
  retirements: true,
  workspaces: true,
  rateLimit: true,
  spendLimit: true,
  prices: true,
  models: true,
  unclearSecrets: new Set(),
};

/** A complete report without findings. */
export function aReport(change: Partial<ReportFacts> = {}): AuditReport {
  return auditReport({
    inventory: inventoryOf([]),
    changes: NO_CHANGES,
    accepted: [],
    acceptedLeftOut: 0,
    complete: true,
    policy,
    deployment: A_DEPLOYMENT,
    coverage: FULL_COVERAGE,
    readers: [],
    history: NO_HISTORY,
    problems: [],
    at: NOW,
    ...change,
  });
}
