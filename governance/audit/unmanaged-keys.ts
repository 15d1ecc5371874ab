import { WORST_FIRST } from '../alerts/alert.js';
import type { ListedKey } from '../mistral/mistral.js';
import { toSafeLine } from '../platform/quoting.js';
import type { FindingType } from '../policy/finding-types.js';
import type { Block } from './digest-blocks.js';
import { bySeverity, findingId, GROUP, severityOf } from './finding.js';
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
  readonly byWorkspace: ReadonlyMap<string, number>;
  readonly byOwner: ReadonlyMap<string, number>;
  /** As many as there is room for. */
  readonly listed: readonly UnmanagedKey[];
  /** How many of them a finding that counts many stands for, by its id. */
  readonly byGroup: ReadonlyMap<string, number>;
  findingsOf(key: UnmanagedKey): Block;
}

export const NOT_KNOWN = 'not known';
const MOST_LISTED = 10_000;

/** Where keys cannot be listed. */
export const NO_UNMANAGED_KEYS: UnmanagedKeys = {
  count: 0,
  byWorkspace: new Map(),
  byOwner: new Map(),
  listed: [],
  byGroup: new Map(),
  findingsOf: () => {
    throw new Error('no key is listed');
  },
};

export interface UnmanagedKeysBuilder extends UnmanagedKeys {
  add(key: UnmanagedKey): void;
}

export function createUnmanagedKeys(
  rules: AuditRules,
  workspaces: Workspaces,
): UnmanagedKeysBuilder {
  const byWorkspace = new Map<string, number>();
  const byOwner = new Map<string, number>();
  const byGroup = new Map<string, number>();
  const listed: UnmanagedKey[] = [];
  let count = 0;
  return {
    byWorkspace,
    byOwner,
    byGroup,
    listed,
    get count() {
      return count;
    },

    add(one) {
      count += 1;
      addTo(byWorkspace, workspaceNameOf(one.key, workspaces));
      addTo(byOwner, ownerOf(one.key));
      for (const { type } of one.found) addTo(byGroup, findingId(type, scopeOf(one.key), GROUP));
      if (listed.length < MOST_LISTED) listed.push(one);
    },

    findingsOf({ key, found }) {
      const findings = found.map(({ type, basis }) =>
        unmanagedKeyFinding(type, key, sinceWhen(type, basis, rules), workspaces),
      );
      return findings.sort(bySeverity) as unknown as Block;
    },
  };
}

export function ownerOf({ createdBy }: Pick<ListedKey, 'createdBy'>): string {
  return createdBy ? toSafeLine(createdBy) : NOT_KNOWN;
}

/** The ids that its findings have by name, and counted as one of many. */
export function idsOf({ key, found }: UnmanagedKey): readonly string[] {
  return found.flatMap(({ type }) => [
    findingId(type, scopeOf(key), key.id),
    findingId(type, scopeOf(key), GROUP),
  ]);
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

export function addTo(counts: Map<string, number>, name: string, count = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
