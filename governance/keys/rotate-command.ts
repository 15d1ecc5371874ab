import { shell } from '../platform/quoting.js';

/**
 * What on-call types to rotate a key. Secrets Manager starts no rotation while AWSPENDING is on a version
 * other than AWSCURRENT: where it is, `unfinished` names that version, and the command releases it first.
 */
export function rotateCommand(secretId: string, unfinished?: string): string {
  const rotate = shell`aws secretsmanager rotate-secret --secret-id ${secretId}`;
  if (unfinished === undefined) return rotate;
  const release = shell`aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING --remove-from-version-id ${unfinished}`;
  return `${release} && ${rotate}`;
}

/** The same first step for those who cannot know the labels: the shell asks for the version. */
export function releaseAnyCommand(secretId: string): string {
  return shell`aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING --remove-from-version-id "$(aws secretsmanager list-secret-version-ids --secret-id ${secretId} --query "Versions[?contains(VersionStages, 'AWSPENDING')].VersionId" --output text)"`;
}
