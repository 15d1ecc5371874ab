import type { EvidenceStore } from '../../governance/audit/evidence-store.aws.js';
import { evidenceFiles, reportPath } from '../../governance/audit/report/evidence-files.js';
import { type NightFacts, nightOf } from '../../governance/audit/report/night.js';
import type { Log } from '../../governance/platform/log.js';

export interface KeptEvidence {
  /** Where the page of this night is; `undefined` where it could not be kept. */
  readonly page: string | undefined;
  readonly problems: readonly string[];
}

/** Keeps what this night showed. On-call hears of the rest of the audit whether or not it can be. */
export async function keepEvidence(
  { evidence, log }: { readonly evidence: EvidenceStore; readonly log: Log },
  facts: NightFacts,
): Promise<KeptEvidence> {
  const night = nightOf(facts);
  try {
    await evidence.keep(evidenceFiles(night));
    return { page: evidence.uriOf(reportPath(night.night)), problems: facts.problems };
  } catch (error) {
    log.error('evidence of this night could not be kept', { night: night.night, error });
    const reason = error instanceof Error ? error.message : String(error);
    const problem = `evidence of ${night.night} could not be kept: ${reason}`;
    return { page: undefined, problems: [...facts.problems, problem] };
  }
}
