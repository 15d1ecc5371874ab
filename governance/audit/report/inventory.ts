import type { ListedKey } from '../../mistral/mistral.js';
import type { FindingType } from '../../policy/finding-types.js';
import type { AuditFacts, AuditView } from '../audit.js';
import type { Finding } from '../finding.js';
import { type AuditRules, createHygieneCheck } from '../key-hygiene.js';
import type { KeyMatch } from '../managed-versions.js';
import {
  ageOf,
  createRows,
  type InventoryRow,
  type MatchedKey,
  plannedOf,
} from './inventory-row.js';

export interface Inventory {
  readonly rows: readonly InventoryRow[];
  readonly managedKeys: number;
  /** `null` where Mistral's keys cannot be listed. */
  readonly otherKeys: number | null;
  /** Keys that Mistral lists and there was no room for, the youngest. */
  readonly leftOut: number;
  /** Of all keys, listed here or not. */
  readonly ages: readonly AgeGroup[];
  readonly checked: {
    /** Current keys of the policy's secrets. */
    readonly managed: CheckedKeys;
    /** Keys of others, without those that a retirement is going to revoke. */
    readonly others: CheckedKeys;
  };
}

/** Keys whose dates were checked, and how many of them have each finding. */
export interface CheckedKeys {
  readonly keys: number;
  readonly found: Readonly<Partial<Record<FindingType, number>>>;
}

export interface InventoryBuilder {
  add(key: ListedKey, match: KeyMatch): void;
  /** `names` are those of users at Mistral, by their ids. */
  build(
    view: AuditView,
    findings: readonly Finding[],
    names?: ReadonlyMap<string, string>,
  ): Inventory;
}

const MOST_MANAGED = 5000;
const MOST_OTHERS = 1000;

/** Collects all keys as they stream by, in flat memory. */
export function createInventory(facts: AuditFacts, rules: AuditRules, now: Date): InventoryBuilder {
  const managed = createOldestKeys(MOST_MANAGED);
  const others = createOldestKeys(MOST_OTHERS);
  const ages = createKeyAges();
  const checkedManaged = createChecked(rules, now);
  const checkedOthers = createChecked(rules, now);

  return {
    add(key, match) {
      const isManaged = plannedOf(match) !== undefined;
      if (match.kind === 'labelled' && match.version.stage === 'AWSCURRENT') {
        checkedManaged.add(key);
      } else if (match.kind === 'foreign' && !facts.retiring?.has(key)) checkedOthers.add(key);
      ages.add(isManaged ? 'managed' : 'other', ageOf(key.createdAt, now));
      (isManaged ? managed : others).add(key, match);
    },

    build(view, findings, names = new Map()) {
      const row = createRows(facts, view, findings, rules, now, names);
      const listed = [...managed.kept(), ...others.kept()];
      const withCurrentKey = new Set(
        listed.flatMap(({ match }) => {
          const isCurrent = match.kind === 'labelled' && match.version.stage === 'AWSCURRENT';
          return isCurrent ? [match.version.planned.secretName] : [];
        }),
      );
      const keyless = facts.planned.filter(({ secretName }) => !withCurrentKey.has(secretName));
      const ofSecrets = [...keyless.map(row.secret), ...managed.kept().map(row.key)].sort(bySecret);
      return {
        rows: [...ofSecrets, ...others.kept().map(row.key)],
        managedKeys: managed.count(),
        otherKeys: others.count(),
        leftOut: managed.count() + others.count() - listed.length,
        ages: ages.groups,
        checked: { managed: checkedManaged.counts, others: checkedOthers.counts },
      };
    },
  };
}

/** Counts by the dates of keys, so that a verdict has all of them however many there are. */
function createChecked(rules: AuditRules, now: Date) {
  const checkHygiene = createHygieneCheck(rules, now);
  const found: Partial<Record<FindingType, number>> = {};
  const counts = { keys: 0, found };
  return {
    counts: counts as CheckedKeys,
    add(key: ListedKey): void {
      counts.keys += 1;
      checkHygiene(key, (type) => {
        found[type] = (found[type] ?? 0) + 1;
      });
    },
  };
}

function bySecret(one: InventoryRow, other: InventoryRow): number {
  return (one.secret ?? '').localeCompare(other.secret ?? '');
}

/** The oldest of all keys, as many as there is room for. A key of unknown age may be the oldest. */
function createOldestKeys(room: number) {
  let kept: (MatchedKey & { readonly createdMs: number })[] = [];
  let count = 0;
  let tooYoungMs = Number.POSITIVE_INFINITY;

  function tidy(): void {
    kept.sort((one, other) => one.createdMs - other.createdMs);
    const last = kept[room - 1];
    if (!last || kept.length === room) return;
    kept = kept.slice(0, room);
    tooYoungMs = last.createdMs;
  }

  return {
    /** Of all that were added. */
    count: () => count,

    add(key: ListedKey, match: KeyMatch): void {
      count += 1;
      const createdMs = key.createdAt?.getTime() ?? 0;
      if (createdMs >= tooYoungMs) return;
      kept.push({ key, match, createdMs });
      if (kept.length >= 2 * room) tidy(); // rarely, so that one more key costs next to nothing
    },

    /** The oldest first. */
    kept(): readonly MatchedKey[] {
      tidy();
      return kept;
    },
  };
}

/** How many keys have an age, in days. */
export interface AgeGroup {
  readonly label: string;
  readonly managed: number;
  readonly other: number;
}

/** Last day of each group; older keys are in one of their own, and so are those of unknown age. */
const UP_TO_DAYS = [7, 30, 60, 90, 180, 365] as const;
const LABELS = [...UP_TO_DAYS.map((days) => `≤ ${days}`), `> ${UP_TO_DAYS.at(-1)}`, 'unknown'];

/** Counts every key by its age, so that the chart has them all however many there are. */
export function createKeyAges() {
  const groups = LABELS.map((label) => ({ label, managed: 0, other: 0 }));
  return {
    groups,
    add(kind: 'managed' | 'other', ageDays: number | null): void {
      const group = groups[groupIndex(ageDays)];
      if (group) group[kind] += 1;
    },
  };
}

function groupIndex(ageDays: number | null): number {
  if (ageDays === null) return UP_TO_DAYS.length + 1;
  const index = UP_TO_DAYS.findIndex((days) => ageDays <= days);
  return index < 0 ? UP_TO_DAYS.length : index;
}
