import { WORST_FIRST } from '../alerts/alert.js';
import type { MetricLines } from '../platform/metric-lines.js';
import { ORGANIZATION } from '../platform/metrics.js';
import type { AuditGauges } from './audit-gauges.js';
import { FINDING_TYPES } from './finding.js';

/** Metrics of what an audit saw. One a night costs next to nothing: CloudWatch charges by the hour. */
export interface AuditMetrics {
  record(gauges: AuditGauges): void;
}

export function createAuditMetrics(lines: MetricLines): AuditMetrics {
  return {
    record({ keysListed, keysManaged, keyDays, retirementDays, findings }) {
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
      // Also the zeros, or what is settled would look open until it is forgotten.
      for (const type of FINDING_TYPES) {
        const FindingsOpen = findings.filter((finding) => finding.type === type).length;
        lines.write('type', type, { FindingsOpen });
      }
      for (const severity of WORST_FIRST) {
        const FindingsOpen = findings.filter((finding) => finding.severity === severity).length;
        lines.write('severity', severity, { FindingsOpen });
      }
    },
  };
}
