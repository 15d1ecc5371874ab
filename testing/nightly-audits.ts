import type { Finding } from '../governance/audit/finding.js';
import type { AuditSummary } from '../lambdas/nightly-audit/handler.js';
import { nextRun } from './schedule.js';
import type { World } from './world.js';

/** What the audits of a story found, night by night. */
export interface NightlyAudits {
  readonly audits: readonly (AuditSummary & { readonly at: Date })[];
  /** As each was when it was first found, by id. */
  readonly findings: ReadonlyMap<string, Finding>;
}

/** Plans an audit for every night to come, at the time that the policy says. */
export function auditNightly(world: World): NightlyAudits {
  const { clock, policy } = world;
  const audits: (AuditSummary & { at: Date })[] = [];
  const findings = new Map<string, Finding>();

  async function audit(): Promise<void> {
    const summary = await world.audit();
    audits.push({ ...summary, at: clock.now() });
    for (const finding of summary.findings) {
      if (!findings.has(finding.id)) findings.set(finding.id, finding);
    }
    planNext();
  }

  function planNext(): void {
    const { schedule, timezone } = policy.audit;
    clock.at(nextRun(schedule, timezone, clock.now()), audit);
  }

  planNext();
  return { audits, findings };
}
