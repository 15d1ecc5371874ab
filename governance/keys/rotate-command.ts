/**
 * What on-call types to rotate a key. Secrets Manager starts no rotation while AWSPENDING is on a version
 * other than AWSCURRENT: where it is, `unfinished` names that version, and the command releases it first.
 */
export function rotateCommand(secretId: string, unfinished?: string): string {
  const rotate = `aws secretsmanager rotate-secret --secret-id ${secretId}`;
  return unfinished === undefined ? rotate : `${releaseCommand(secretId, unfinished)} && ${rotate}`;
}

/** The same first step for those who cannot know the labels: the shell asks for the version. */
export function releaseAnyCommand(secretId: string): string {
  const pending = `"Versions[?contains(VersionStages, 'AWSPENDING')].VersionId"`;
  const versionId = `aws secretsmanager list-secret-version-ids --secret-id ${secretId} --query ${pending} --output text`;
  return releaseCommand(secretId, `"$(${versionId})"`);
}

function releaseCommand(secretId: string, versionId: string): string {
  return `aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING --remove-from-version-id ${versionId}`;
}
