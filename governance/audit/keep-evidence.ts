import { messageOf } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import type { AuditNews } from './audit-digest.js';
import type { EvidenceStore } from './evidence-store.aws.js';
import type { AuditReport } from './report/audit-report.js';
import { evidenceFiles, evidenceFolder, reportPath } from './report/evidence-files.js';

/** Stores what this audit found. On-call is notified whether or not it can be stored. */
export async function keepEvidence(
  { evidence, log }: { readonly evidence: EvidenceStore; readonly log: Log },
  report: AuditReport,
): Promise<Pick<AuditNews, 'report' | 'problems'>> {
  const { auditedOn, problems } = report;
  try {
    const folder = evidenceFolder(report, crypto.randomUUID().slice(0, 8));
    await evidence.keep(evidenceFiles(report, folder));
    return { report: evidence.uriOf(reportPath(folder)), problems };
  } catch (error) {
    log.error('evidence of this audit could not be stored', { auditedOn, error });
    const problem = `evidence of ${auditedOn} could not be stored: ${messageOf(error)}`;
    return { report: undefined, problems: [...problems, problem] };
  }
}
