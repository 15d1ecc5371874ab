import {
  type OperatorSecret,
  unverifiedVersion,
  verifiedVersion,
} from '../../keys/operator/operator-secret.js';
import { toSafeLine } from '../../platform/quoting.js';
import { addDays, utcDay } from '../../platform/utc-day.js';
import type { FindingType } from '../../policy/finding-types.js';
import type { PlannedKey } from '../../policy/planned-keys.js';
import type { Finding } from '../finding.js';
import { createKeyAges, type Inventory } from './inventory.js';
import { type InventoryRow, type KeyState, secretRow } from './inventory-row.js';

/** What the policy calls a key is no name at Mistral. */
export const UNNAMED = 'name in the console not known';

/** The inventory where Mistral's keys cannot be listed: one row for each secret of the policy. */
export function operatorInventory(
  planned: readonly PlannedKey[],
  secrets: ReadonlyMap<string, OperatorSecret>,
  findings: readonly Finding[],
  /** In Mistral's console, by the secret. */
  consoleNames: ReadonlyMap<string, string>,
  now: Date,
): Inventory {
  const rows = planned.map((key) => ({
    ...rowOf(key, secrets.get(key.secretName), findings, now),
    key: toSafeLine(consoleNames.get(key.secretName) ?? UNNAMED),
  }));
  const found: Partial<Record<FindingType, number>> = {};
  for (const type of rows.flatMap((row) => row.findings)) found[type] = (found[type] ?? 0) + 1;
  const held = rows.filter(({ createdOn }) => createdOn !== null);
  const ages = createKeyAges();
  for (const { ageDays } of held) ages.add('managed', ageDays);
  return {
    rows,
    managedKeys: held.length,
    otherKeys: null,
    leftOut: 0,
    ages: ages.groups,
    checked: { managed: { keys: held.length, found }, others: { keys: 0, found: {} } },
  };
}

function rowOf(
  planned: PlannedKey,
  secret: OperatorSecret | undefined,
  findings: readonly Finding[],
  now: Date,
): InventoryRow {
  const { secretName, key } = planned;
  const since = secret?.currentSince;
  const found = findings.filter(({ subject }) => subject === secretName).map(({ type }) => type);
  return {
    ...secretRow(planned, since, found, now),
    state: stateOf(secret),
    nextRotationOn: since ? addDays(utcDay(since), key.rotateEveryDays) : null,
  };
}

function stateOf(secret: OperatorSecret | undefined): KeyState {
  if (!secret) return 'secret not read';
  if (verifiedVersion(secret.state) !== undefined) return 'current';
  return unverifiedVersion(secret.state) === undefined ? 'no key yet' : 'pending';
}
