import { rotateCommand } from '../keys/rotate-command.js';
import { blockingVersion, type SecretState } from '../keys/rotation.js';
import type { ListedKey } from '../mistral/mistral.js';
import { shell, toSafeLine } from '../platform/quoting.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';
import { countText } from '../platform/wording.js';
import type { FindingType } from '../policy/finding-types.js';
import type { PlannedKey } from '../policy/planned-keys.js';
import type { Workspace } from '../policy/policy.js';
import { type Finding, findingId, KEYS_IN_CONSOLE, severityOf } from './finding.js';
import { createdAtMs } from './key-hygiene.js';
import type { ManagedVersion } from './managed-versions.js';

const NO_WORKSPACE = 'none';
const EXAMPLES = 5;

export type Workspaces = ReadonlyMap<string, Workspace>;

/** Where findings about one key are counted together. */
export function scopeOf({ workspaceId }: ListedKey): string {
  return workspaceId ?? NO_WORKSPACE;
}

/** What findings and reports call a key. */
export function nameOfKey({ name, id }: ListedKey): string {
  return toSafeLine(name || id);
}

/** What was found of a key that no secret of ours holds. */
export function unmanagedKeyFinding(
  type: FindingType,
  key: ListedKey,
  since: IsoDate,
  workspaces: Workspaces,
): Finding {
  return {
    id: findingId(type, scopeOf(key), key.id),
    type,
    severity: type === 'expired' ? 'info' : severityOf(type),
    subject: nameOfKey(key),
    workspace: workspaceNameOf(key, workspaces),
    summary: summaryOf(type, key),
    evidence: evidenceOf(key),
    since,
    nextStep: consoleStep(type, toSafeLine(key.id)),
    nextCommand: KEYS_IN_CONSOLE,
  };
}

/** What was found of the current key of a managed secret. */
export function managedKeyFinding(
  type: FindingType,
  version: ManagedVersion,
  key: ListedKey,
  since: IsoDate,
): Finding {
  const { secretName } = version.planned;
  const isUnused = type === 'stale' || type === 'never-used';
  return secretFinding(type, version, {
    since,
    summary: summaryOf(type, key),
    evidence: { version: version.versionId, ...evidenceOf(key) },
    ...(isUnused ? checkReaders(secretName) : rotateStep(version.secret)),
  });
}

/** A key that a rotation of ours created and nothing refers to any more. */
export function orphanedKey(key: ListedKey, workspaces: Workspaces, now: Date): Finding {
  return unmanagedKeyFinding('orphaned', key, utcDay(new Date(createdAtMs(key, now))), workspaces);
}

/** Several keys of one rotation: the secret holds one of them, and only its value says which. */
export function duplicateKeys(version: ManagedVersion, now: Date): Finding {
  const { planned, versionId, keys } = version;
  const { secretName, workspace } = planned;
  const { listed, count } = keys;
  const ids = listed.slice(0, EXAMPLES).map(({ key }) => key.id);
  const finding = secretFinding('orphaned', version, {
    since: utcDay(new Date(Math.max(...listed.map(({ key }) => createdAtMs(key, now))))),
    summary: `${countText(count, 'key')} have the name of one rotation; the secret holds only one of them.`,
    evidence: { version: versionId, count: String(count), keyIds: ids.join(', ') },
    nextStep: 'Keep the key whose id this prints, and delete the others in the Mistral console',
    // Prints the id of the key that a secret holds, and nothing else of it.
    nextCommand: shell`aws secretsmanager get-secret-value --secret-id ${secretName} --query SecretString --output text | jq -r .keyId`,
  });
  return {
    ...finding,
    id: findingId('orphaned', workspace.id, `${secretName}/${versionId}`),
    subject: toSafeLine(listed[0]?.key.name),
  };
}

/** A secret names a current key that Mistral does not list. */
export function missingKey(version: ManagedVersion, now: Date): Finding {
  const { planned, secret, versionId } = version;
  const { nextStep, nextCommand } = rotateStep(secret);
  return secretFinding('missing', version, {
    since: utcDay(now),
    summary:
      'Missing at Mistral: services that read this secret are rejected, or it holds a key that no rotation created.',
    evidence: {
      version: versionId,
      expectedKey: `${planned.key.name}-<day>-${versionId.slice(0, 8)}`,
      lastRotated: secret.lastRotatedAt?.toISOString() ?? 'never',
    },
    nextStep: `${nextStep}, then find out who deleted it`,
    nextCommand,
  });
}

/** What is wrong with a managed secret itself, or with the key that it holds. */
export function secretFinding(
  type: FindingType,
  { planned: { secretName, workspace } }: { readonly planned: PlannedKey },
  {
    evidence,
    ...text
  }: Pick<Finding, 'since' | 'summary' | 'evidence' | 'nextStep' | 'nextCommand'>,
): Finding {
  return {
    id: findingId(type, workspace.id, secretName),
    type,
    severity: severityOf(type),
    subject: secretName,
    workspace: workspace.name,
    evidence: { secret: secretName, team: workspace.team, ...evidence },
    ...text,
  };
}

/** The policy's name where it has the workspace, else Mistral's. */
export function workspaceNameOf(key: ListedKey, workspaces: Workspaces): string {
  const { workspaceId, workspaceName } = key;
  if (workspaceId === undefined) return workspaceName ? toSafeLine(workspaceName) : 'organization';
  return workspaces.get(workspaceId)?.name ?? toSafeLine(workspaceName ?? workspaceId);
}

/** Works with any labels on the secret. */
export function rotateStep(state: SecretState) {
  const unfinished = blockingVersion(state);
  return {
    nextStep:
      unfinished === undefined
        ? 'Rotate the key now'
        : 'Release the rotation that has not finished, and rotate the key now',
    nextCommand: rotateCommand(state.name, unfinished),
  };
}

/** Whether a key is still needed is a question to those who read it. */
export function checkReaders(secretName: string) {
  return {
    nextStep:
      'Check whether a service still reads this secret; if none does, take its key out of the policy',
    nextCommand: shell`aws secretsmanager describe-secret --secret-id ${secretName} --query LastAccessedDate`,
  };
}

function evidenceOf(key: ListedKey): Record<string, string> {
  return {
    keyId: key.id,
    key: toSafeLine(key.name),
    created: createdOn(key),
    ...(key.createdBy ? { createdBy: toSafeLine(key.createdBy) } : {}),
    lastUsed: key.lastUsedOn ?? 'never',
    expires: key.expiresOn ?? 'never',
  };
}

function createdOn({ createdAt }: ListedKey): string {
  return createdAt ? utcDay(createdAt) : 'unknown';
}

function summaryOf(type: FindingType, key: ListedKey): string {
  const summaries: Partial<Record<FindingType, string>> = {
    stale: `Unused since ${key.lastUsedOn}.`,
    'never-used': `Never used since it was created on ${createdOn(key)}.`,
    'over-age': `Older than the policy allows: created on ${createdOn(key)}.`,
    expiring: `Expires on ${key.expiresOn}.`,
    expired: `Expired on ${key.expiresOn}: Mistral rejects it.`,
    'no-expiry': 'Never expires.',
    unmanaged: 'Unmanaged: created outside this system, so it is never rotated.',
    orphaned:
      'Orphaned: a rotation created it, no secret refers to it, and no retirement will revoke it.',
    'wrong-workspace': `In workspace ${toSafeLine(key.workspaceName ?? key.workspaceId)} at Mistral: its spend is on another team.`,
  };
  return summaries[type] ?? '';
}

function consoleStep(type: FindingType, keyId: string): string {
  switch (type) {
    case 'unmanaged':
    case 'over-age':
    case 'no-expiry':
      return `Move its user to a managed secret, then delete key ${keyId} in the Mistral console`;
    case 'expiring':
      return `Move its user to a managed secret before it expires, then delete key ${keyId} in the Mistral console`;
    default:
      return `Delete key ${keyId} in the Mistral console, if its owner agrees`;
  }
}
