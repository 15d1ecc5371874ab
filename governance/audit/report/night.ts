import { type IsoDate, utcDay } from '../../platform/utc-day.js';
import type { AuditPolicy } from '../../policy/policy.js';
import type { Finding } from '../finding.js';
import type { FindingChanges } from '../reconcile-findings.js';
import type { Inventory } from './inventory.js';

/** What this audit made of a finding. */
export type Standing = 'new' | 'still open' | 'resolved';

export interface StandingFinding extends Finding {
  readonly standing: Standing;
  /** The day of the audit that found it first. */
  readonly openedOn: IsoDate;
}

/** What one audit leaves to be looked up years later. Its fields stay; a change raises `version`. */
export interface Night extends Inventory {
  readonly version: 1;
  /** In UTC. */
  readonly night: IsoDate;
  readonly auditedAt: string;
  /** Whether every key that can be listed was seen. */
  readonly complete: boolean;
  readonly rules: Pick<AuditPolicy, 'staleAfterDays' | 'maxAgeDays' | 'expiringWithinDays'>;
  readonly findings: readonly StandingFinding[];
  /** What could not be found out, in plain words. */
  readonly problems: readonly string[];
}

export interface NightFacts {
  readonly inventory: Inventory;
  readonly changes: FindingChanges;
  readonly complete: boolean;
  readonly rules: Night['rules'];
  readonly problems: readonly string[];
  readonly at: Date;
}

export function nightOf(facts: NightFacts): Night {
  const { inventory, changes, complete, problems, at } = facts;
  const { staleAfterDays, maxAgeDays, expiringWithinDays } = facts.rules;
  const night = utcDay(at);
  const standing = (open: FindingChanges['open'], as?: Standing): StandingFinding[] =>
    open.map(({ finding, openedOn }) => ({
      ...finding,
      // By its day, so that an audit that is repeated says the same.
      standing: as ?? (openedOn === night ? 'new' : 'still open'),
      openedOn,
    }));
  return {
    version: 1,
    night,
    auditedAt: at.toISOString(),
    complete,
    rules: { staleAfterDays, maxAgeDays, expiringWithinDays },
    ...inventory,
    findings: [
      ...standing([...changes.open, ...changes.remind, ...changes.unchanged]),
      ...standing(changes.resolve, 'resolved'),
    ],
    problems,
  };
}
