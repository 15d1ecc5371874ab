import { WORST_FIRST } from '../alerts/alert.js';
import type { ListedKey } from '../mistral/mistral.js';
import { toSafeLine } from '../platform/quoting.js';
import type { FindingType } from '../policy/finding-types.js';
import type { Block } from './digest-blocks.js';
import {
  bySeverity,
  countOf,
  type Finding,
  findingId,
  GROUP,
  groupOf,
  scopeIn,
  severityOf,
} from './finding.js';
import { scopeOf, unmanagedKeyFinding, type Workspaces, workspaceNameOf } from './key-findings.js';
import { type AuditRules, sinceWhen } from './key-hygiene.js';
import type { Basis } from './key-tally.js';

/** A key that no secret of ours holds, and what is found of it and not accepted. */
export interface UnmanagedKey {
  readonly key: ListedKey;
  readonly found: readonly { readonly type: FindingType; readonly basis: Basis }[];
}

/** All such keys, whether their findings are listed by name or counted as one of many. */
export interface UnmanagedKeys {
  readonly count: number;
  /** As many as there is room for. */
  readonly listed: readonly UnmanagedKey[];
  /** How many there are in each workspace, by its name. */
  byWorkspace(): Map<string, number>;
  byOwner(): Map<string, number>;
  /** Whether they are all that a finding counts together. */
  areAllOf(finding: Finding): boolean;
  findingsOf(key: UnmanagedKey): Block;
}

/** Where keys cannot be listed. */
export const NO_UNMANAGED_KEYS: UnmanagedKeys = {
  count: 0,
  listed: [],
  byWorkspace: () => new Map(),
  byOwner: () => new Map(),
  areAllOf: () => false,
  findingsOf: () => {
    throw new Error('no key is listed');
  },
};

export const NOT_KNOWN = 'not known';
const MOST_LISTED = 10_000;

export interface UnmanagedKeysBuilder extends UnmanagedKeys {
  /** Whether it is of use to say what is found of the next key. */
  hasRoom(): boolean;
  add(key: ListedKey, found: UnmanagedKey['found']): void;
}

/**
 * In constant time for each key: names are made readable at the end.
 *
 * @param countOfKind how many of them have a finding of a type in a scope
 */
export function createUnmanagedKeys(
  rules: AuditRules,
  workspaces: Workspaces,
  countOfKind: (scope: string, type: FindingType) => number | undefined,
): UnmanagedKeysBuilder {
  const byScope = new Map<string, { readonly example: ListedKey; count: number }>();
  const byCreator = new Map<string | undefined, number>();
  const listed: UnmanagedKey[] = [];
  let count = 0;
  return {
    listed,
    get count() {
      return count;
    },
    hasRoom: () => listed.length < MOST_LISTED,

    add(key, found) {
      count += 1;
      addTo(byCreator, key.createdBy);
      const scope = byScope.get(scopeOf(key));
      if (scope) scope.count += 1;
      else byScope.set(scopeOf(key), { example: key, count: 1 });
      if (found.length > 0) listed.push({ key, found });
    },

    byWorkspace() {
      const counts = new Map<string, number>();
      for (const { example, count } of byScope.values()) {
        addTo(counts, workspaceNameOf(example, workspaces), count);
      }
      return counts;
    },

    byOwner() {
      const counts = new Map<string, number>();
      for (const [createdBy, count] of byCreator) addTo(counts, ownerOf({ createdBy }), count);
      return counts;
    },

    areAllOf: (finding) =>
      finding.id === groupOf(finding) &&
      countOfKind(scopeIn(finding), finding.type) === countOf(finding),

    findingsOf({ key, found }) {
      const findings = found.map(({ type, basis }) =>
        unmanagedKeyFinding(type, key, sinceWhen(type, basis, rules), workspaces),
      );
      return findings.sort(bySeverity) as unknown as Block;
    },
  };
}

function ownerOf({ createdBy }: Pick<ListedKey, 'createdBy'>): string {
  return createdBy ? toSafeLine(createdBy) : NOT_KNOWN;
}

/** The ids that its findings have by name, and counted as one of many. */
export function idsOf({ key, found }: UnmanagedKey): readonly string[] {
  return found.flatMap(({ type }) => [
    findingId(type, scopeOf(key), key.id),
    findingId(type, scopeOf(key), GROUP),
  ]);
}

/** An unmanaged key for who decides about it. */
export interface CountedKey {
  readonly keyId: string;
  readonly key: string;
  readonly workspace: string;
  readonly owner: string;
  readonly findings: readonly FindingType[];
}

// Half of what a function may answer.
const MOST_BYTES = 3_000_000;

/** The keys behind findings that count many, as many as fit. */
export function countedTogether(
  open: readonly Finding[],
  { listed, findingsOf }: UnmanagedKeys,
): readonly CountedKey[] {
  const groups = new Set(
    open.filter((finding) => finding.id === groupOf(finding)).map(({ id }) => id),
  );
  const counted: CountedKey[] = [];
  let left = MOST_BYTES;
  for (const one of groups.size > 0 ? listed : []) {
    const findings = findingsOf(one).filter((finding) => groups.has(groupOf(finding)));
    const [first] = findings;
    if (!first) continue;
    const { subject, workspace } = first;
    const key = {
      keyId: one.key.id,
      key: subject,
      workspace,
      owner: ownerOf(one.key),
      findings: findings.map(({ type }) => type),
    };
    left -= Buffer.byteLength(JSON.stringify(key));
    if (left < 0) break;
    counted.push(key);
  }
  return counted;
}

/** The most severe first; of those the ones with most findings, then the oldest. */
export function worstKeys(keys: readonly UnmanagedKey[], most: number): readonly UnmanagedKey[] {
  const ranked = keys.map((one) => ({
    one,
    severity: Math.min(...one.found.map(({ type }) => severityRank(type))),
    createdMs: one.key.createdAt?.getTime() ?? 0,
  }));
  ranked.sort(
    (a, b) =>
      a.severity - b.severity ||
      b.one.found.length - a.one.found.length ||
      a.createdMs - b.createdMs,
  );
  return ranked.slice(0, most).map(({ one }) => one);
}

/** No service of ours reads such a key, so that it has expired is no outage. */
function severityRank(type: FindingType): number {
  return WORST_FIRST.indexOf(type === 'expired' ? 'info' : severityOf(type));
}

export function addTo<Name>(counts: Map<Name, number>, name: Name, count = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
