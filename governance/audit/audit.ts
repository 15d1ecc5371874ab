import type { ListedKey } from '../mistral/mistral.js';
import type { AuditFacts, AuditView } from './audit-facts.js';
import { collapse, countTally } from './collapse.js';
import type { Finding, FindingType } from './finding.js';
import { loneKeyFinding, NO_WORKSPACE } from './key-findings.js';
import {
  type AuditRules,
  birthOf,
  createHygieneCheck,
  type ReportKey,
  sinceWhen,
} from './key-hygiene.js';
import { addToTally, createKeyTally, type KeyTally } from './key-tally.js';
import { createManagedAudit, type KeyInUse } from './managed-audit.js';
import { createManagedVersions, type KeyMatch } from './managed-versions.js';

export interface Audit {
  /** Tells what the key's name says of it. */
  see(key: ListedKey): KeyMatch;
  /** Secrets that look wrong so far, as they would in the middle of a rotation. */
  suspects(): ReadonlySet<string>;
  findings(view: AuditView): Finding[];
  /** Current keys without doubt as to which they are. */
  inUse(): readonly KeyInUse[];
}

/** Judges every key as it streams by, in constant time for each and flat memory for all. */
export function createAudit(facts: AuditFacts, rules: AuditRules, now: Date): Audit {
  const { retiring, workspaceNames } = facts;
  const versions = createManagedVersions(facts.planned, facts.secrets);
  const managed = createManagedAudit(versions.all, facts, rules, now);
  const checkHygiene = createHygieneCheck(rules, now);
  const tallies = new Map<string, Map<FindingType, KeyTally>>();

  const report: ReportKey = (type, key, basis) => {
    const scope = key.workspaceId ?? NO_WORKSPACE;
    const ofScope = tallies.get(scope) ?? new Map<FindingType, KeyTally>();
    if (ofScope.size === 0) tallies.set(scope, ofScope);
    const tally = ofScope.get(type) ?? createKeyTally();
    if (tally.count === 0) ofScope.set(type, tally);
    addToTally(tally, key, basis);
  };

  return {
    suspects: managed.suspects,
    inUse: managed.inUse,

    see(key) {
      const match = versions.match(key);
      if (match.kind === 'labelled') {
        addToTally(match.version.keys, key, birthOf(key, now));
      } else if (retiring?.has(key.id)) {
        return match;
      } else if (match.kind === 'foreign') {
        report('unmanaged', key, birthOf(key, now));
        checkHygiene(key, report);
      } else if (match.planned) {
        managed.seeUnlabelled(key, match.planned);
      } else if (retiring) {
        report('orphaned', key, birthOf(key, now));
      }
      return match;
    },

    findings(view) {
      const lone = [...tallies.values()].flatMap((ofScope) =>
        [...ofScope].flatMap(([type, tally]) =>
          countTally(tally, ({ key, basis }) =>
            loneKeyFinding(type, key, sinceWhen(type, basis, rules), workspaceNames),
          ),
        ),
      );
      return collapse([...lone, ...managed.findings(view)]);
    },
  };
}
