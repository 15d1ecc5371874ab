import type { AlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import type { EventBus } from '../../governance/alerts/event-bus.aws.js';
import { auditAlerts } from '../../governance/audit/audit-digest.js';
import { findingEvents, reportWritten } from '../../governance/audit/audit-events.js';
import { type AuditGauges, auditGauges } from '../../governance/audit/audit-metrics.js';
import type { ChainLink } from '../../governance/audit/chain/append-manifest.js';
import type { ModelCheck } from '../../governance/audit/check-models.js';
import type { EvidenceStore } from '../../governance/audit/evidence-store.aws.js';
import { bySeverity, countAll, type Finding } from '../../governance/audit/finding.js';
import type { FindingStore, StoredChanges } from '../../governance/audit/finding-store.aws.js';
import { keepEvidence } from '../../governance/audit/keep-evidence.js';
import { createProblems } from '../../governance/audit/problems.js';
import {
  type FindingChanges,
  type OpenFinding,
  openAfter,
  reconcileFindings,
} from '../../governance/audit/reconcile-findings.js';
import {
  auditReport,
  type ReportedDeployment,
} from '../../governance/audit/report/audit-report.js';
import { readHistory } from '../../governance/audit/report-history.js';
import { type AdminAuditDeps, type AuditDeps, runAudit } from '../../governance/audit/run-audit.js';
import { runOperatorAudit } from '../../governance/audit/run-operator-audit.js';
import { type CountedKey, countedTogether } from '../../governance/audit/unmanaged-keys.js';

export interface NightlyAuditDeps extends AuditDeps {
  /** `undefined` without the Admin API, as is `organization`: then no key can be listed. */
  readonly keySource: AdminAuditDeps['keySource'] | undefined;
  readonly organization: AdminAuditDeps['organization'] | undefined;
  readonly secrets: AdminAuditDeps['secrets'];
  readonly publishedPrices?: AdminAuditDeps['publishedPrices'];
  readonly files?: AdminAuditDeps['files'];
  readonly deployment: ReportedDeployment;
  readonly findingStore: FindingStore;
  readonly evidence: EvidenceStore;
  readonly alerts: AlertPublisher;
  readonly events: EventBus;
  record(gauges: AuditGauges): void;
  readonly now: () => Date;
}

export interface AuditSummary {
  /** How many keys Mistral listed; without the Admin API, how many secrets hold one. */
  readonly keys: number;
  /** What holds now, the most severe first; cut off where there is very much. */
  readonly findings: readonly Finding[];
  /** Unmanaged keys whose findings are counted as one of many, each with those; cut off likewise. */
  readonly countedTogether: readonly CountedKey[];
  readonly opened: number;
  /** How many findings the policy accepts: they are in the report alone. */
  readonly accepted: number;
  /** Findings open before that on-call was notified of again. */
  readonly reminded: number;
  readonly resolved: number;
  readonly models: ModelCheck;
  /** Where the report of this audit is stored; `null` where it could not be. */
  readonly evidence: string | null;
  /** Its place in the chain of manifests; `null` where it has none. */
  readonly manifest: ChainLink | null;
  readonly problems: readonly string[];
}

// A summary stays far under the 6 MB that Lambda returns.
const MOST_FINDINGS = 1000;

/** Finds what is wrong with the organization's keys, and alerts on what changed since the last audit. */
export function createNightlyAuditHandler(deps: NightlyAuditDeps) {
  return async (): Promise<AuditSummary> => {
    const { policy, findingStore, alerts } = deps;
    const at = deps.now();
    const memory = await findingStore.memory();
    const run = hasAdminApi(deps)
      ? await runAudit(deps, memory, at)
      : await runOperatorAudit(deps, memory, at);
    const changes = reconcileFindings({
      before: await findingStore.open(),
      current: run.findings,
      coverage: run.coverage,
      acceptances: run.acceptances,
      remindEveryDays: policy.audit.remindEveryDays,
      now: at,
    });
    const { inventory, listingError } = run;
    const complete = listingError === undefined;
    const { accepted } = run.acceptances;
    const more = createProblems(deps.log);
    const history = await readHistory(deps, at, more);
    const facts = {
      policy,
      deployment: deps.deployment,
      inventory,
      readers: run.readers,
      coverage: run.coverage,
      history,
      changes,
      accepted,
      acceptedLeftOut: run.acceptances.leftOut(),
      complete,
      problems: [...run.problems, ...more.list],
      at,
    };
    const { report, manifest, problems } = await keepEvidence(deps, auditReport(facts));
    const findings = findingsOf(openAfter(changes));
    deps.record(auditGauges(run.gauges, findings, at));

    // Sent before it is stored: a crash in between sends an alert twice instead of never.
    const { unmanaged, requests } = run;
    const news = auditAlerts({ changes, unmanaged, requests, at, report, problems });
    for (const alert of news.alerts) await alerts.publish(alert);
    const written = report && { report, findings: countAll(findings), complete };
    await deps.events.send([
      ...(written ? [reportWritten(written, at)] : []),
      ...findingEvents(changes, at),
    ]);
    const { opened, resolved } = changes;
    await findingStore.apply(storedChanges(changes, news.notified));
    const isSame = JSON.stringify(run.models.memory) === JSON.stringify(memory);
    if (!isSame) await findingStore.remember(run.models.memory);

    const counts = {
      keys: run.keys,
      opened: countAll(findingsOf(opened)),
      accepted: accepted.length + facts.acceptedLeftOut,
      reminded: news.notified.length,
      resolved: countAll(findingsOf(resolved)),
      models: run.models.outcome,
      evidence: report ?? null,
      manifest: manifest ?? null,
      problems,
    };
    deps.log.info('audited', { ...counts, findings: countAll(findings) });
    if (!complete) throw listingError;
    return {
      ...counts,
      findings: findings.sort(bySeverity).slice(0, MOST_FINDINGS),
      countedTogether: countedTogether(findings, run.unmanaged),
    };
  };
}

function findingsOf(open: readonly OpenFinding[]): Finding[] {
  return open.map(({ finding }) => finding);
}

/** What changes in the store: more than on-call is notified of. */
function storedChanges(
  { opened, split, dropped, resolved }: FindingChanges,
  notified: readonly OpenFinding[],
): StoredChanges {
  const notifiedById = new Map(notified.map((open) => [open.finding.id, open]));
  const splitIds = new Set(split.map(({ finding }) => finding.id));
  return {
    opened: [...opened, ...split.map((open) => notifiedById.get(open.finding.id) ?? open)],
    notified: notified.filter(({ finding }) => !splitIds.has(finding.id)),
    resolved: [...resolved, ...dropped],
  };
}

function hasAdminApi(deps: NightlyAuditDeps): deps is NightlyAuditDeps & AdminAuditDeps {
  return deps.keySource !== undefined && deps.organization !== undefined;
}
