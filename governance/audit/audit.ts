import type { SecretState } from '../keys/rotation.js';
import type { ListedKey } from '../mistral/mistral.js';
import type { IsoDate } from '../platform/utc-day.js';
import type { FindingType } from '../policy/finding-types.js';
import type { PlannedKey } from '../policy/planned-keys.js';
import { type Acceptances, createAcceptances } from './acceptances.js';
import { type Finding, findingId, GROUP } from './finding.js';
import {
  duplicateKeys,
  managedKeyFinding,
  missingKey,
  nameOfKey,
  orphanedKey,
  scopeOf,
  unmanagedKeyFinding,
  type Workspaces,
} from './key-findings.js';
import {
  type AuditRules,
  createdAtMs,
  createHygieneCheck,
  type ReportKey,
  sinceWhen,
} from './key-hygiene.js';
import {
  addToTally,
  type Basis,
  type CountedFinding,
  collapse,
  countOne,
  countTally,
  type KeyTally,
  tallyOf,
} from './key-tally.js';
import { createManagedVersions, type KeyMatch, type ManagedVersion } from './managed-versions.js';
import type { RetiringKeys } from './true-retirements.js';
import { createUnmanagedKeys, type UnmanagedKey, type UnmanagedKeys } from './unmanaged-keys.js';

/** What is known before the first key is checked. */
export interface AuditFacts {
  readonly planned: readonly PlannedKey[];
  /** By name; those that could not be described are left out. */
  readonly secrets: ReadonlyMap<string, SecretState>;
  /** By version, of those that others stored. */
  readonly keyIds?: ReadonlyMap<string, string>;
  /** `undefined` where that is not known. */
  readonly retiring: RetiringKeys | undefined;
  /** Those of the policy, by id. */
  readonly workspaces: Workspaces;
}

/** What is known after the last one. */
export interface AuditView {
  /** Whether every key was listed. */
  readonly complete: boolean;
  /** Secrets whose labels changed meanwhile: nothing is said about the keys they refer to. */
  readonly changing: ReadonlySet<string>;
}

/** The current key of a secret, with the day that it was last used. */
export interface KeyInUse {
  readonly secretName: string;
  readonly keyId: string;
  readonly lastUsedOn: IsoDate;
}

export interface Audit {
  /** Judges one key, and returns what its name says of it. */
  check(key: ListedKey): KeyMatch;
  /** Secrets that look wrong so far, as they would in the middle of a rotation. */
  suspects(): ReadonlySet<string>;
  findings(view: AuditView): Finding[];
  /** Keys in no secret of ours that have findings. */
  readonly unmanaged: UnmanagedKeys;
  /** Current keys without doubt as to which they are. */
  inUse(): readonly KeyInUse[];
}

/** Judges every key as it streams by, in constant time for each and flat memory for all. */
export function createAudit(
  facts: AuditFacts,
  rules: AuditRules,
  now: Date,
  acceptances: Acceptances = createAcceptances([], now),
): Audit {
  const { retiring, workspaces } = facts;
  const versions = createManagedVersions(facts.planned, facts.secrets, facts.keyIds);
  const managed = createManagedAudit(versions.all, facts, rules, now);
  const checkHygiene = createHygieneCheck(rules, now);
  const tallies = new Map<string, Map<FindingType, KeyTally>>();

  const unmanaged = createUnmanagedKeys(
    rules,
    workspaces,
    (scope, type) => tallies.get(scope)?.get(type)?.count,
  );
  let reported = 0;
  let found: UnmanagedKey['found'][number][] = [];

  const build = (type: FindingType, key: ListedKey, basis: Basis) =>
    unmanagedKeyFinding(type, key, sinceWhen(type, basis, rules), workspaces);

  const isAccepted = (type: FindingType, key: ListedKey, basis: Basis) =>
    acceptances.take(type, [nameOfKey(key), key.id], findingId(type, scopeOf(key), GROUP), () =>
      build(type, key, basis),
    );

  const report: ReportKey = (type, key, basis) => {
    if (acceptances.know(type) && isAccepted(type, key, basis)) return;
    const scope = scopeOf(key);
    const ofScope = tallies.get(scope) ?? new Map<FindingType, KeyTally>();
    tallies.set(scope, ofScope);
    addToTally(tallyOf(ofScope, type), key, basis);
    reported += 1;
    if (unmanaged.hasRoom()) found.push({ type, basis });
  };

  return {
    suspects: managed.suspects,
    inUse: managed.inUse,
    unmanaged,

    check(key) {
      const match = versions.match(key);
      reported = 0;
      if (found.length > 0) found = [];
      if (match.kind === 'labelled') {
        const versions = [match.version, ...match.sharedBy];
        for (const { keys } of versions) addToTally(keys, key, createdAtMs(key, now));
      } else if (retiring?.has(key)) {
        return match;
      } else if (match.kind === 'foreign') {
        report('unmanaged', key, createdAtMs(key, now));
        checkHygiene(key, report);
      } else if (match.planned) {
        managed.addUnlabelled(key, match.planned);
      } else if (retiring) {
        report('orphaned', key, createdAtMs(key, now));
      }
      if (reported > 0) unmanaged.add(key, found);
      return match;
    },

    findings(view) {
      const foreign = [...tallies.values()].flatMap((ofScope) =>
        [...ofScope].flatMap(([type, tally]) =>
          countTally(tally, ({ key, basis }) => build(type, key, basis)),
        ),
      );
      const ours = managed.findings(view);
      const open = new Set(acceptances.withoutAccepted(ours.map(({ finding }) => finding)));
      return collapse([...foreign, ...ours.filter(({ finding }) => open.has(finding))]);
    },
  };
}

/** The part of the audit that is about our own keys. */
function createManagedAudit(
  versions: readonly ManagedVersion[],
  { secrets, retiring, workspaces }: AuditFacts,
  rules: AuditRules,
  now: Date,
) {
  const checkHygiene = createHygieneCheck(rules, now);
  const unlabelled = new Map<string, KeyTally>();

  function findingsOf(version: ManagedVersion, complete: boolean): CountedFinding[] {
    const { keys, stage } = version;
    if (stage === 'AWSPREVIOUS') return retiring ? orphansOf(keys) : [];
    const found = keys.count > 1 ? [countOne(duplicateKeys(version, now))] : [];
    if (stage === 'AWSPENDING') return found;
    const key = likelyKey(keys);
    if (key) return [...found, ...currentKeyFindings(version, key)];
    return complete ? [countOne(missingKey(version, now))] : [];
  }

  function currentKeyFindings(version: ManagedVersion, key: ListedKey): CountedFinding[] {
    const found: CountedFinding[] = [];
    const report: ReportKey = (type, _key, basis) => {
      const since = sinceWhen(type, basis, rules);
      found.push(countOne(managedKeyFinding(type, version, key, since)));
    };
    if (isElsewhere(version, key)) report('wrong-workspace', key, createdAtMs(key, now));
    checkHygiene(key, report);
    return found;
  }

  /** Keys of one secret that nothing refers to, but for those that a retirement will revoke. */
  function orphansOf(tally: KeyTally): CountedFinding[] {
    const pendingRevocation = tally.listed.filter(({ key }) => retiring?.has(key));
    const listed = tally.listed.filter((one) => !pendingRevocation.includes(one));
    const count = tally.count - pendingRevocation.length;
    return countTally({ ...tally, listed, count }, ({ key }) => orphanedKey(key, workspaces, now));
  }

  function isSuspect({ stage, keys }: ManagedVersion): boolean {
    if (stage === 'AWSCURRENT') return keys.count !== 1;
    return stage === 'AWSPENDING' ? keys.count > 1 : orphansOf(keys).length > 0;
  }

  return {
    /** Nothing is said of it while its secret's labels are not known. */
    addUnlabelled(key: ListedKey, { secretName }: PlannedKey): void {
      addToTally(tallyOf(unlabelled, secretName), key, createdAtMs(key, now));
    },

    suspects(): ReadonlySet<string> {
      return new Set([
        ...versions.filter(isSuspect).map(({ planned }) => planned.secretName),
        ...[...unlabelled.keys()].filter((secretName) => secrets.has(secretName)),
      ]);
    },

    findings({ complete, changing }: AuditView): CountedFinding[] {
      const labelled = versions
        .filter(({ planned }) => !changing.has(planned.secretName))
        .flatMap((version) => findingsOf(version, complete));
      const orphans = [...unlabelled]
        .filter(([secretName]) => retiring && secrets.has(secretName) && !changing.has(secretName))
        .flatMap(([, tally]) => orphansOf(tally));
      return [...labelled, ...orphans];
    },

    inUse(): readonly KeyInUse[] {
      return versions.flatMap((version) => {
        const { planned, stage, keys } = version;
        const key = stage === 'AWSCURRENT' && keys.count === 1 ? keys.listed[0]?.key : undefined;
        if (key?.lastUsedOn === undefined || isElsewhere(version, key)) return [];
        return [{ secretName: planned.secretName, keyId: key.id, lastUsedOn: key.lastUsedOn }];
      });
    },
  };
}

function isElsewhere({ planned }: ManagedVersion, { workspaceId }: ListedKey): boolean {
  return workspaceId !== undefined && workspaceId !== planned.workspace.id;
}

/** Of several keys with the name of one version, the one that was used last, or the newest. */
function likelyKey({ listed }: KeyTally): ListedKey | undefined {
  const rank = ({ lastUsedOn = '', createdAt }: ListedKey) =>
    `${lastUsedOn.padEnd(10)}${createdAt?.toISOString() ?? ''}`;
  return listed
    .map(({ key }) => key)
    .reduce<ListedKey | undefined>(
      (best, key) => (best && rank(best) >= rank(key) ? best : key),
      undefined,
    );
}
