import type { IsoDate } from '../platform/utc-day.js';
import type { PlannedKey } from '../policy/planned-keys.js';
import { type Finding, type FindingType, findingId, severityOf } from './finding.js';

/** What is wrong with a managed secret itself, whatever key it holds. */
export function secretFinding(
  type: FindingType,
  { planned: { secretName, workspace } }: { readonly planned: PlannedKey },
  since: IsoDate,
  nextCommand: string,
  evidence: Readonly<Record<string, string>>,
): Finding {
  return {
    id: findingId(type, workspace.id, secretName),
    type,
    severity: severityOf(type, true),
    subject: secretName,
    workspace: workspace.name,
    evidence: { secret: secretName, ...evidence },
    since,
    nextCommand,
  };
}
