import { WORST_FIRST } from '../../governance/alerts/alert.js';
import type { AlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { auditDigest } from '../../governance/audit/audit-digest.js';
import type { AuditMetrics } from '../../governance/audit/audit-metrics.js';
import type { EvidenceStore } from '../../governance/audit/evidence-store.aws.js';
import type { Finding } from '../../governance/audit/finding.js';
import type { AuditMemory, FindingStore } from '../../governance/audit/finding-store.aws.js';
import { keyNeeded } from '../../governance/audit/key-needed.js';
import {
  type FindingChanges,
  type OpenFinding,
  reconcileFindings,
} from '../../governance/audit/reconcile-findings.js';
import type { ManagedSecrets } from '../../governance/keys/managed-secrets.aws.js';
import type { ModelCatalog } from '../../governance/keys/model-catalog.js';
import type { Retirements } from '../../governance/keys/retirements.aws.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { KeySource } from '../../governance/mistral/key-source.js';
import type { Organization } from '../../governance/mistral/organization.js';
import type { Log } from '../../governance/platform/log.js';
import type { Policy } from '../../governance/policy/policy.js';
import { type KeptEvidence, keepEvidence } from './keep-evidence.js';
import { runAudit } from './run-audit.js';
import { runOperatorAudit } from './run-operator-audit.js';

export interface NightlyAuditDeps {
  readonly policy: Policy;
  /** `undefined` without the Admin API: no key can be listed. */
  readonly keySource: Pick<KeySource, 'list'> | undefined;
  /** `undefined` as well then: nothing is told of the organization. */
  readonly organization:
    | Pick<Organization, 'workspaces' | 'requestsPerSecond' | 'spendLimit'>
    | undefined;
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly managedSecrets: ManagedSecrets;
  readonly retirements: Pick<Retirements, 'running'>;
  readonly models: ModelCatalog;
  readonly findingStore: FindingStore;
  readonly evidence: EvidenceStore;
  readonly alerts: AlertTopic;
  readonly metrics: AuditMetrics;
  readonly log: Log;
  readonly now: () => Date;
}

/** The same with the Admin API. */
export type AdminAuditDeps = NightlyAuditDeps & {
  readonly keySource: object;
  readonly organization: object;
};

export interface AuditSummary {
  /** How many keys Mistral listed; without the Admin API, how many secrets hold one. */
  readonly keys: number;
  /** What holds now, the most severe first; cut off where there is very much. */
  readonly findings: readonly Finding[];
  readonly opened: number;
  readonly reminded: number;
  readonly resolved: number;
  readonly models: 'checked' | 'not checked' | 'no key in use to ask with';
  /** Where this night's page of evidence is; `null` where it could not be kept. */
  readonly evidence: string | null;
  readonly problems: readonly string[];
}

// A summary stays far under the 6 MB that Lambda returns.
const SHOWN_FINDINGS = 1000;

/** Finds what is wrong with the organization's keys, and tells what changed since the last audit. */
export function createNightlyAuditHandler(deps: NightlyAuditDeps) {
  return async (): Promise<AuditSummary> => {
    const now = deps.now();
    const memory = await deps.findingStore.memory();
    const result = hasAdminApi(deps)
      ? await runAudit(deps, memory, now)
      : await runOperatorAudit(deps, memory, now);
    const before = await deps.findingStore.open();
    const changes = reconcileFindings({
      before,
      current: result.currentAgainst(before.map(({ finding }) => finding)),
      isUndecided: result.isUndecided,
      remindEveryDays: deps.policy.audit.remindEveryDays,
      now,
    });
    const kept = await keepEvidence(deps, {
      inventory: result.inventory,
      changes,
      complete: result.listingError === undefined,
      rules: deps.policy.audit,
      problems: result.problems,
      at: now,
    });
    deps.metrics.record(result.gaugesOf(holding(changes)));
    await tellAndStore(deps, changes, kept, now);
    await rememberChanged(deps.findingStore, memory, result.memory);

    const summary = summarize(changes, result, kept);
    const { findings, ...counts } = summary;
    deps.log.info('audited', { ...counts, findings: findings.length });
    if (result.listingError !== undefined) throw result.listingError;
    return summary;
  };
}

function hasAdminApi(deps: NightlyAuditDeps): deps is AdminAuditDeps {
  return deps.keySource !== undefined && deps.organization !== undefined;
}

/** Told first: a crash in between tells a finding twice, the other way round it were never told. */
async function tellAndStore(
  { alerts, findingStore }: NightlyAuditDeps,
  { open, remind, resolve, unchanged }: FindingChanges,
  { page, problems }: KeptEvidence,
  at: Date,
): Promise<void> {
  const isUnchanged = open.length + remind.length + resolve.length === 0;
  if (isUnchanged && page !== undefined) return;
  for (const { finding } of [...open, ...remind].filter(isKeyNeeded)) {
    await alerts.publish(keyNeeded(finding, at));
  }
  const digested = (some: readonly OpenFinding[]) =>
    some.filter((one) => !isKeyNeeded(one)).map(({ finding }) => finding);
  const opened = digested(open);
  const reminded = digested(remind);
  const resolved = digested(resolve);
  const isNews = opened.length + reminded.length + resolved.length > 0;
  if (isNews || page === undefined) {
    await alerts.publish(
      auditDigest({
        opened,
        reminded,
        resolved,
        at,
        openTotal: open.length + remind.length + unchanged.length,
        evidence: page,
        problems,
      }),
    );
  }
  await findingStore.apply({ open, remind, resolve });
}

/** Its own message goes to who can supply the key; that it was supplied, the rotation tells. */
function isKeyNeeded({ finding }: OpenFinding): boolean {
  return finding.type === 'key-needed';
}

async function rememberChanged(
  findingStore: FindingStore,
  before: AuditMemory,
  after: AuditMemory,
): Promise<void> {
  if (JSON.stringify(after) !== JSON.stringify(before)) await findingStore.remember(after);
}

function holding({ open, remind, unchanged }: FindingChanges): Finding[] {
  return [...open, ...remind, ...unchanged].map(({ finding }) => finding);
}

function summarize(
  changes: FindingChanges,
  { keys, models }: Pick<AuditSummary, 'keys' | 'models'>,
  { page, problems }: KeptEvidence,
): AuditSummary {
  const { open, remind, resolve } = changes;
  const findings = holding(changes)
    .sort((a, b) => WORST_FIRST.indexOf(a.severity) - WORST_FIRST.indexOf(b.severity))
    .slice(0, SHOWN_FINDINGS);
  return {
    keys,
    findings,
    opened: open.length,
    reminded: remind.length,
    resolved: resolve.length,
    models,
    evidence: page ?? null,
    problems,
  };
}
