import type { ListedKey } from '../mistral/mistral.js';
import { utcDay } from '../platform/utc-day.js';
import { type Finding, findingId, severityOf } from './finding.js';
import {
  keyIdCommand,
  loneKeyFinding,
  rotateCommand,
  type WorkspaceNames,
} from './key-findings.js';
import { birthOf } from './key-hygiene.js';
import type { ManagedVersion } from './managed-versions.js';
import { secretFinding } from './secret-finding.js';
import { shown } from './shown.js';

const EXAMPLES = 5;

/** A key that a rotation of ours made and nothing refers to any more. */
export function orphanedKey(key: ListedKey, names: WorkspaceNames, now: Date): Finding {
  return loneKeyFinding('orphaned', key, utcDay(new Date(birthOf(key, now))), names);
}

/** Several keys of one rotation: the secret holds one of them, which only its value tells. */
export function duplicateKeys({ planned, versionId, keys }: ManagedVersion, now: Date): Finding {
  const { secretName, workspace } = planned;
  const births = keys.shown.map(({ key }) => birthOf(key, now));
  return {
    id: findingId('orphaned', workspace.id, `${secretName}/${versionId}`),
    type: 'orphaned',
    severity: severityOf('orphaned', true),
    subject: shown(keys.shown[0]?.key.name),
    workspace: workspace.name,
    evidence: {
      secret: secretName,
      version: versionId,
      count: String(keys.count),
      keyIds: keys.shown
        .slice(0, EXAMPLES)
        .map(({ key }) => key.id)
        .join(', '),
      reason: 'several keys carry the name of one rotation; the secret holds only one of them',
    },
    since: utcDay(new Date(Math.max(...births))),
    nextCommand: `${keyIdCommand(secretName)} # keep this one, delete the others in Mistral's console`,
  };
}

/** A secret in use names a key that Mistral does not list. */
export function missingKey(version: ManagedVersion, now: Date): Finding {
  const { planned, secret, versionId } = version;
  return secretFinding('missing', version, utcDay(now), rotateCommand(planned.secretName), {
    version: versionId,
    expectedKey: `${planned.key.name}-<day>-${versionId.slice(0, 8)}`,
    lastRotated: secret.lastRotatedAt?.toISOString() ?? 'never',
    reason: 'services that read the secret are refused, or it holds a key that no rotation made',
  });
}
