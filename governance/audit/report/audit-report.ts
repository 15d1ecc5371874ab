import type { AlertOrigin } from '../../alerts/alert-origin.js';
import { type IsoDate, utcDay } from '../../platform/utc-day.js';
import { plannedKeys } from '../../policy/planned-keys.js';
import type { Policy } from '../../policy/policy.js';
import type { AcceptedFinding } from '../acceptances.js';
import type { Coverage } from '../coverage.js';
import type { Finding } from '../finding.js';
import type { AuditRules } from '../key-hygiene.js';
import { type FindingChanges, type OpenFinding, openAfter } from '../reconcile-findings.js';
import type { Inventory } from './inventory.js';
import type { Verdict } from './judge-rule.js';
import { accessOf, type ReportedAccess, type SecretReaders } from './report-access.js';
import type { ReportedEvent } from './report-events.js';
import { verdictsOf } from './verdicts.js';

export interface ReportedFinding extends Finding {
  /** Whether it is older than this audit. */
  readonly status: 'new' | 'still open' | 'resolved';
  /** The day of the audit that found it first. */
  readonly openedOn: IsoDate;
}

/** What a report is about. */
export interface ReportedDeployment extends AlertOrigin {
  /** The version of this product. */
  readonly product: string;
  /** Of the policy as it was deployed: `policy check` prints that of a file. */
  readonly policySha256: string;
}

/** What one audit leaves as evidence for years. Its fields stay; a change raises `version`. */
export interface AuditReport extends Inventory {
  readonly version: 1;
  readonly deployment: ReportedDeployment;
  /** The organization at Mistral is known by how it is reached: its API tells no name of it. */
  readonly mistral: Pick<Policy['mistral'], 'keySource' | 'apiUrl' | 'adminKeySecret'>;
  /** In UTC. */
  readonly auditedOn: IsoDate;
  readonly auditedAt: string;
  /** Whether every key that can be listed was listed. */
  readonly complete: boolean;
  readonly rules: AuditRules;
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly ReportedFinding[];
  /** Those that the policy accepts, for a reason and until a day. */
  readonly accepted: readonly AcceptedFinding[];
  /** How many more it accepts than there was room for. */
  readonly acceptedLeftOut: number;
  readonly history: ReportedHistory;
  readonly access: ReportedAccess;
  /** What could not be checked, in plain words. */
  readonly problems: readonly string[];
}

/** What happened to keys between two reports. */
export interface ReportedHistory {
  readonly from: string;
  readonly until: string;
  readonly events: readonly ReportedEvent[];
  readonly leftOut: number;
  /** Whether the events could be read. */
  readonly isKnown: boolean;
}

export interface ReportFacts
  extends Pick<
    AuditReport,
    'deployment' | 'complete' | 'history' | 'problems' | 'accepted' | 'acceptedLeftOut'
  > {
  readonly policy: Policy;
  readonly inventory: Inventory;
  readonly readers: readonly SecretReaders[];
  readonly coverage: Coverage;
  readonly changes: FindingChanges;
  readonly at: Date;
}

export function auditReport(facts: ReportFacts): AuditReport {
  const { policy, deployment, inventory, readers, coverage, changes, history, at } = facts;
  const { accepted, acceptedLeftOut, complete, problems } = facts;
  const { staleAfterDays, maxAgeDays, expiringWithinDays } = policy.audit;
  const rules = { staleAfterDays, maxAgeDays, expiringWithinDays };
  const { keySource, apiUrl, adminKeySecret } = policy.mistral;
  const findings = openAfter(changes).map(({ finding }) => finding);
  const secrets = plannedKeys(policy).length;
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
    deployment,
    mistral: { keySource, apiUrl, adminKeySecret },
    auditedOn,
    auditedAt: at.toISOString(),
    complete,
    rules,
    verdicts: verdictsOf({ coverage, rules, inventory, secrets, findings, accepted }),
    ...inventory,
    findings: [...reported(openAfter(changes)), ...reported(changes.resolved, 'resolved')],
    accepted,
    acceptedLeftOut,
    history,
    access: accessOf(policy, readers),
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
