import { type IsoDate, utcDay } from '../../platform/utc-day.js';
import type { AcceptedFinding } from '../acceptances.js';
import type { Finding } from '../finding.js';
import type { AuditRules } from '../key-hygiene.js';
import { type FindingChanges, type OpenFinding, openAfter } from '../reconcile-findings.js';
import type { Inventory } from './inventory.js';

export interface ReportedFinding extends Finding {
  /** Whether it is older than this audit. */
  readonly status: 'new' | 'still open' | 'resolved';
  /** The day of the audit that found it first. */
  readonly openedOn: IsoDate;
}

/** What one audit leaves as evidence for years. Its fields stay; a change raises `version`. */
export interface AuditReport extends Inventory {
  readonly version: 1;
  /** In UTC. */
  readonly auditedOn: IsoDate;
  readonly auditedAt: string;
  /** Whether every key that can be listed was listed. */
  readonly complete: boolean;
  readonly rules: AuditRules;
  readonly findings: readonly ReportedFinding[];
  /** Those that the policy accepts, for a reason and until a day. */
  readonly accepted: readonly AcceptedFinding[];
  /** How many more it accepts than there was room for. */
  readonly acceptedLeftOut: number;
  /** What could not be checked, in plain words. */
  readonly problems: readonly string[];
}

export interface ReportFacts
  extends Pick<AuditReport, 'complete' | 'rules' | 'problems' | 'accepted' | 'acceptedLeftOut'> {
  readonly inventory: Inventory;
  readonly changes: FindingChanges;
  readonly at: Date;
}

export function auditReport(facts: ReportFacts): AuditReport {
  const { inventory, changes, accepted, acceptedLeftOut, complete, problems, at } = facts;
  const { staleAfterDays, maxAgeDays, expiringWithinDays } = facts.rules;
  const auditedOn = utcDay(at);
  const reported = (open: readonly OpenFinding[], as?: 'resolved'): ReportedFinding[] =>
    open.map(({ finding, openedOn }) => ({
      ...finding,
      // By its day, so that a repeated audit says the same.
      status: as ?? (openedOn === auditedOn ? 'new' : 'still open'),
      openedOn,
    }));
  return {
    version: 1,
    auditedOn,
    auditedAt: at.toISOString(),
    complete,
    rules: { staleAfterDays, maxAgeDays, expiringWithinDays },
    ...inventory,
    findings: [...reported(openAfter(changes)), ...reported(changes.resolved, 'resolved')],
    accepted,
    acceptedLeftOut,
    problems,
  };
}

/** `created: 2026-06-20; last used: never`. */
export function evidenceText({ evidence }: Pick<Finding, 'evidence'>): string {
  const words = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.entries(evidence)
    .map(([name, value]) => `${words(name)}: ${value}`)
    .join('; ');
}
