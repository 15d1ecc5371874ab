import { messageOf } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import type { Policy } from '../policy/policy.js';
import type { AuditNews } from './audit-digest.js';
import { appendManifest, type ChainLink } from './chain/append-manifest.js';
import { fileEntry, type ManifestFile } from './chain/manifest.js';
import type { EvidenceStore } from './evidence-store.aws.js';
import type { AuditReport } from './report/audit-report.js';
import { evidenceFiles, evidenceFolder, reportPath } from './report/evidence-files.js';

export interface KeptEvidence extends Pick<AuditNews, 'report' | 'problems'> {
  /** `undefined` where it could not be stored. */
  readonly manifest: ChainLink | undefined;
}

interface EvidenceDeps {
  readonly policy: Policy;
  readonly evidence: EvidenceStore;
  readonly log: Log;
}

/**
 * Stores what this audit found, and after all files the manifest that vouches for them. On-call is notified
 * whether or not it can be stored.
 */
export async function keepEvidence(
  { policy, evidence, log }: EvidenceDeps,
  report: AuditReport,
): Promise<KeptEvidence> {
  const { auditedOn, auditedAt, problems } = report;
  try {
    const folder = evidenceFolder(report, crypto.randomUUID().slice(0, 8));
    const files: ManifestFile[] = [];
    for (const file of evidenceFiles(report, folder)) {
      files.push(await fileEntry(file));
      await evidence.put(file);
    }
    const { schedule, timezone, evidenceRetentionDays: retentionDays } = policy.audit;
    const night = { auditedOn, auditedAt, folder, files, schedule, timezone, retentionDays };
    const manifest = await appendManifest(evidence, night);
    return { report: evidence.uriOf(reportPath(folder)), manifest, problems };
  } catch (error) {
    log.error('evidence of this audit could not be stored', { auditedOn, error });
    const problem = `evidence of ${auditedOn} could not be stored: ${messageOf(error)}`;
    return { report: undefined, manifest: undefined, problems: [...problems, problem] };
  }
}
