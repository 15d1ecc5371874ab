import type { ListedKey } from '../mistral/mistral.js';
import type { IsoDate } from '../platform/utc-day.js';
import type { PlannedKey } from '../policy/planned-keys.js';
import type { AuditFacts, AuditView } from './audit-facts.js';
import { type CountedFinding, countOne, countTally } from './collapse.js';
import { managedKeyFinding } from './key-findings.js';
import { type AuditRules, birthOf, createHygieneCheck, sinceWhen } from './key-hygiene.js';
import { addToTally, createKeyTally, type KeyTally } from './key-tally.js';
import type { ManagedVersion } from './managed-versions.js';
import { duplicateKeys, missingKey, orphanedKey } from './orphan-findings.js';

/** The key in charge of a secret, with the day that it was last used. */
export interface KeyInUse {
  readonly secretName: string;
  readonly keyId: string;
  readonly lastUsedOn: IsoDate;
}

/** The part of the audit that is about our own keys. */
export function createManagedAudit(
  versions: readonly ManagedVersion[],
  { secrets, retiring, workspaceNames }: AuditFacts,
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
    const report: Parameters<typeof checkHygiene>[1] = (type, _key, basis) => {
      const since = sinceWhen(type, basis, rules);
      found.push(countOne(managedKeyFinding(type, version, key, since)));
    };
    if (isElsewhere(version, key)) report('wrong-workspace', key, birthOf(key, now));
    checkHygiene(key, report);
    return found;
  }

  /** Keys of one secret that nothing refers to, but for those that a retirement will revoke. */
  function orphansOf(tally: KeyTally): CountedFinding[] {
    const doomed = tally.shown.filter(({ key }) => retiring?.has(key.id));
    const left = { ...tally, shown: tally.shown.filter((one) => !doomed.includes(one)) };
    return countTally({ ...left, count: tally.count - doomed.length }, ({ key }) =>
      orphanedKey(key, workspaceNames, now),
    );
  }

  function isOdd({ stage, keys }: ManagedVersion): boolean {
    if (stage === 'AWSCURRENT') return keys.count !== 1;
    return stage === 'AWSPENDING' ? keys.count > 1 : orphansOf(keys).length > 0;
  }

  return {
    /** Nothing is said of it while its secret's labels are not known. */
    seeUnlabelled(key: ListedKey, { secretName }: PlannedKey): void {
      const tally = unlabelled.get(secretName) ?? createKeyTally();
      unlabelled.set(secretName, tally);
      addToTally(tally, key, birthOf(key, now));
    },

    suspects(): ReadonlySet<string> {
      const odd = versions.filter(isOdd);
      return new Set([
        ...odd.map(({ planned }) => planned.secretName),
        ...[...unlabelled.keys()].filter((secretName) => secrets.has(secretName)),
      ]);
    },

    findings({ complete, moving }: AuditView): CountedFinding[] {
      const labelled = versions
        .filter(({ planned }) => !moving.has(planned.secretName))
        .flatMap((version) => findingsOf(version, complete));
      const orphans = [...unlabelled]
        .filter(([secretName]) => retiring && secrets.has(secretName) && !moving.has(secretName))
        .flatMap(([, tally]) => orphansOf(tally));
      return [...labelled, ...orphans];
    },

    inUse(): readonly KeyInUse[] {
      return versions.flatMap((version) => {
        const [only] = version.keys.shown;
        const lastUsedOn = only?.key.lastUsedOn;
        const isSure = version.stage === 'AWSCURRENT' && version.keys.count === 1;
        if (!only || lastUsedOn === undefined || !isSure || isElsewhere(version, only.key))
          return [];
        return [{ secretName: version.planned.secretName, keyId: only.key.id, lastUsedOn }];
      });
    },
  };
}

function isElsewhere({ planned }: ManagedVersion, { workspaceId }: ListedKey): boolean {
  return workspaceId !== undefined && workspaceId !== planned.workspace.id;
}

/** Of several keys with the name of one version, the one that somebody uses, or the newest. */
function likelyKey({ shown }: KeyTally): ListedKey | undefined {
  const rank = ({ lastUsedOn = '', createdAt }: ListedKey) =>
    `${lastUsedOn.padEnd(10)}${createdAt?.toISOString() ?? ''}`;
  return shown
    .map(({ key }) => key)
    .reduce<ListedKey | undefined>(
      (best, key) => (best && rank(best) >= rank(key) ? best : key),
      undefined,
    );
}
