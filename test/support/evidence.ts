import { createAudit } from '../../governance/audit/audit.js';
import type { AuditFacts, AuditView } from '../../governance/audit/audit-facts.js';
import { type Inventory, takeInventory } from '../../governance/audit/report/inventory.js';
import { type Night, type NightFacts, nightOf } from '../../governance/audit/report/night.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { aManagedSecret, DEV, NOW } from './audit-builders.js';
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
    retiring: new Set(),
    workspaceNames: new Map(policy.workspaces.map(({ id, name }) => [id, name])),
    ...facts,
  };
  const seen = { complete: true, moving: new Set<string>(), ...view };
  const audit = createAudit(known, policy.audit, NOW);
  const inventory = takeInventory({ ...known, workspaces: policy.workspaces }, policy.audit, NOW);
  for (const key of keys) inventory.see(key, audit.see(key));
  return inventory.taken(seen, audit.findings(seen));
}

/** A complete night without findings. */
export function aNight(change: Partial<NightFacts> = {}): Night {
  return nightOf({
    inventory: inventoryOf([]),
    changes: { open: [], remind: [], unchanged: [], resolve: [] },
    complete: true,
    rules: policy.audit,
    problems: [],
    at: NOW,
    ...change,
  });
}
