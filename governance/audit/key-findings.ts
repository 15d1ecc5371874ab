import type { ListedKey } from '../mistral/mistral.js';
import type { IsoDate } from '../platform/utc-day.js';
import { type Finding, type FindingType, findingId, severityOf } from './finding.js';
import type { ManagedVersion } from './managed-versions.js';
import { secretFinding } from './secret-finding.js';
import { shown, shownDay } from './shown.js';

export const NO_WORKSPACE = 'none';

/** Names of workspaces by id: the policy's where it has one, else Mistral's. */
export type WorkspaceNames = ReadonlyMap<string, string>;

/** What was found of a key that no secret of ours holds. */
export function loneKeyFinding(
  type: FindingType,
  key: ListedKey,
  since: IsoDate,
  names: WorkspaceNames,
): Finding {
  const name = shown(key.name);
  return {
    id: findingId(type, key.workspaceId ?? NO_WORKSPACE, key.id),
    type,
    severity: severityOf(type, false),
    subject: key.name === '' ? key.id : name,
    workspace: workspaceNameOf(key, names),
    evidence: evidenceOf(key),
    since,
    nextCommand: consoleStep(type, name, key.id),
  };
}

/** What was found of the key in charge of a managed secret. */
export function managedKeyFinding(
  type: FindingType,
  version: ManagedVersion,
  key: ListedKey,
  since: IsoDate,
): Finding {
  const command = secretCommand(type, version.planned.secretName);
  const evidence = { version: version.versionId, ...evidenceOf(key) };
  return secretFinding(type, version, since, command, evidence);
}

export function workspaceNameOf(key: ListedKey, names: WorkspaceNames): string {
  const { workspaceId, workspaceName } = key;
  if (workspaceId === undefined) return workspaceName ? shown(workspaceName) : 'organization';
  return names.get(workspaceId) ?? shown(workspaceName ?? workspaceId);
}

export function rotateCommand(secretName: string): string {
  return `aws secretsmanager rotate-secret --secret-id ${secretName}`;
}

/** Prints the id of the key that a secret holds, and nothing else of it. */
export function keyIdCommand(secretName: string): string {
  return `aws secretsmanager get-secret-value --secret-id ${secretName} --query SecretString --output text | jq -r .keyId`;
}

function evidenceOf(key: ListedKey): Record<string, string> {
  return {
    keyId: key.id,
    key: shown(key.name),
    created: shownDay(key.createdAt),
    lastUsed: key.lastUsedOn ?? 'never',
    expires: key.expiresOn ?? 'never',
  };
}

/** Unused is a question to its readers; anything else a rotation puts right. */
function secretCommand(type: FindingType, secretName: string): string {
  return type === 'stale' || type === 'never-used'
    ? `aws secretsmanager describe-secret --secret-id ${secretName} --query LastAccessedDate`
    : rotateCommand(secretName);
}

function consoleStep(type: FindingType, name: string, keyId: string): string {
  const key = `"${name}" (${keyId})`;
  switch (type) {
    case 'unmanaged':
      return `https://console.mistral.ai > API keys: ask the owner of ${key} to read a managed secret instead, then delete it`;
    case 'expiring':
      return `https://console.mistral.ai > API keys: ask the owner of ${key} to move to a managed secret before it expires`;
    default:
      return `https://console.mistral.ai > API keys: delete ${key}, if its owner agrees`;
  }
}
