import type { ListedKey } from '../../mistral/mistral.js';
import type { Workspace } from '../../policy/policy.js';
import type { AuditFacts, AuditView } from '../audit-facts.js';
import type { Finding } from '../finding.js';
import type { AuditRules } from '../key-hygiene.js';
import type { KeyMatch } from '../managed-versions.js';
import { ageOf, createRows, type InventoryRow, plannedOf } from './inventory-row.js';
import { type AgeGroup, createKeyAges } from './key-ages.js';
import { createOldestKeys } from './oldest-keys.js';

export interface Inventory {
  readonly rows: readonly InventoryRow[];
  readonly managedKeys: number;
  /** `null` where Mistral's keys cannot be listed. */
  readonly otherKeys: number | null;
  /** Keys that Mistral lists and there was no room for, the youngest. */
  readonly leftOut: number;
  /** Of all keys, listed here or not. */
  readonly ages: readonly AgeGroup[];
}

export interface InventoryFacts extends AuditFacts {
  readonly workspaces: readonly Workspace[];
}

export interface InventoryTaking {
  see(key: ListedKey, match: KeyMatch): void;
  taken(view: AuditView, findings: readonly Finding[]): Inventory;
}

const MOST_MANAGED = 5000;
const MOST_OTHERS = 1000;

/** Takes stock of all keys as they stream by, in flat memory. */
export function takeInventory(
  facts: InventoryFacts,
  rules: AuditRules,
  now: Date,
): InventoryTaking {
  const managed = createOldestKeys(MOST_MANAGED);
  const others = createOldestKeys(MOST_OTHERS);
  const ages = createKeyAges();

  return {
    see(key, match) {
      const isManaged = plannedOf(match) !== undefined;
      ages.add(isManaged ? 'managed' : 'other', ageOf(key.createdAt, now));
      (isManaged ? managed : others).add(key, match);
    },

    taken(view, findings) {
      const row = createRows(facts, view, findings, rules, now);
      const listed = [...managed.kept(), ...others.kept()];
      const inCharge = new Set(
        listed.flatMap(({ match }) => {
          const isCurrent = match.kind === 'labelled' && match.version.stage === 'AWSCURRENT';
          return isCurrent ? [match.version.planned.secretName] : [];
        }),
      );
      const keyless = facts.planned.filter(({ secretName }) => !inCharge.has(secretName));
      const ofSecrets = [...keyless.map(row.secret), ...managed.kept().map(row.key)].sort(bySecret);
      return {
        rows: [...ofSecrets, ...others.kept().map(row.key)],
        managedKeys: managed.count(),
        otherKeys: others.count(),
        leftOut: managed.count() + others.count() - listed.length,
        ages: ages.groups(),
      };
    },
  };
}

function bySecret(one: InventoryRow, other: InventoryRow): number {
  return (one.secret ?? '').localeCompare(other.secret ?? '');
}
