import { type AuditFacts, type AuditView, createAudit } from '../../governance/audit/audit.js';
import {
  type AuditReport,
  auditReport,
  type ReportFacts,
} from '../../governance/audit/report/audit-report.js';
import { createInventory, type Inventory } from '../../governance/audit/report/inventory.js';
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

/** A complete report without findings. */
export function aReport(change: Partial<ReportFacts> = {}): AuditReport {
  return auditReport({
    inventory: inventoryOf([]),
    changes: NO_CHANGES,
    accepted: [],
    acceptedLeftOut: 0,
    complete: true,
    rules: policy.audit,
    problems: [],
    at: NOW,
    ...change,
  });
}
