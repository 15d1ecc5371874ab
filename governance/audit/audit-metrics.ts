import { WORST_FIRST } from '../alerts/alert.js';
import type { Retirement } from '../keys/retirement.js';
import { type SecretFacts, versionAt } from '../keys/rotation.js';
import type { MetricLines } from '../platform/metric-lines.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { DAY_MS } from '../platform/utc-day.js';
import { FINDING_TYPES } from '../policy/finding-types.js';
import { countAll, type Finding } from './finding.js';

export interface GaugeFacts {
  /** How many keys Mistral listed; `undefined` where that was not all. */
  readonly keysListed: number | undefined;
  readonly secrets: readonly SecretFacts[];
  /** `undefined` where they could not be listed. */
  readonly retirements: readonly Pick<Retirement, 'promotedAt'>[] | undefined;
}

export type AuditGauges = ReturnType<typeof auditGauges>;

/** The state of all keys in numbers, and what holds now. */
export function auditGauges(
  { keysListed, secrets, retirements }: GaugeFacts,
  findings: readonly Finding[],
  now: Date,
) {
  const holding = secrets.filter(({ state }) => versionAt(state, 'AWSCURRENT') !== undefined);
  // How old the oldest current key is, for each workspace that has one.
  const keyDays = new Map<string, number>();
  for (const { planned, state } of holding) {
    const createdAt = state.lastRotatedAt ?? state.createdAt;
    if (!createdAt) continue;
    const { name } = planned.workspace;
    keyDays.set(name, Math.max(keyDays.get(name) ?? 0, daysSince(createdAt, now)));
  }
  // How long each replaced or removed key has been waiting for its revocation.
  const retirementDays = retirements?.map(({ promotedAt }) => daysSince(new Date(promotedAt), now));
  return { keysListed, keysManaged: holding.length, keyDays, retirementDays, findings };
}

/** To a hundredth, since an alarm compares it. */
function daysSince(then: Date, now: Date): number {
  return Math.round(((now.getTime() - then.getTime()) / DAY_MS) * 100) / 100;
}

/** Metrics of an audit. One audit a day costs next to nothing: CloudWatch charges by the hour. */
export function recordAudit(
  lines: MetricLines,
  { keysListed, keysManaged, keyDays, retirementDays, findings }: AuditGauges,
): void {
  const oldest = keyDays.size > 0 ? Math.max(...keyDays.values()) : undefined;
  lines.write('workspace', ORGANIZATION, {
    KeysListed: keysListed,
    KeysManaged: keysManaged,
    OldestKeyDays: oldest,
    RetirementsRunning: retirementDays?.length,
    OldestRetirementDays: retirementDays && Math.max(0, ...retirementDays),
  });
  for (const [workspace, days] of keyDays) {
    lines.write('workspace', workspace, { OldestKeyDays: days });
  }
  // Zeros too, or a count would stay at what it was before.
  for (const type of FINDING_TYPES) {
    const FindingsOpen = countAll(findings.filter((finding) => finding.type === type));
    lines.write('type', type, { FindingsOpen });
  }
  for (const severity of WORST_FIRST) {
    const FindingsOpen = countAll(findings.filter((finding) => finding.severity === severity));
    lines.write('severity', severity, { FindingsOpen });
  }
}
