import { SecretValueError } from '../platform/errors.js';
import type { ManagedKey } from './managed-key.js';
import { type SecretState, versionAt } from './rotation.js';
import type { SecretVersions } from './secret-versions.aws.js';

/**
 * The key that a version holds. A value that no rotation wrote counts as none, and does not stop its
 * caller: an administrator wrote it, and the audit reports the key that it replaced.
 */
export async function readOwnKey(
  secrets: Pick<SecretVersions, 'read'>,
  secretId: string,
  versionId: string | undefined,
  onForeignValue: (reason: string) => void = () => {},
): Promise<ManagedKey | undefined> {
  if (versionId === undefined) return undefined;
  try {
    return await secrets.read(secretId, versionId);
  } catch (error) {
    if (!(error instanceof SecretValueError)) throw error;
    onForeignValue(error.message);
    return undefined;
  }
}

export interface CurrentKey {
  readonly state: SecretState;
  readonly versionId: string | undefined;
  readonly key: ManagedKey | undefined;
}

/**
 * What AWSCURRENT names. By the secret's name: one that was deleted and created again has another ARN.
 *
 * @throws SecretGoneError, SecretValueError
 */
export async function readCurrentKey(
  secrets: Pick<SecretVersions, 'describe' | 'read'>,
  secretName: string,
): Promise<CurrentKey> {
  const state = await secrets.describe(secretName);
  const versionId = versionAt(state, 'AWSCURRENT');
  const key = versionId === undefined ? undefined : await secrets.read(state.arn, versionId);
  return { state, versionId, key };
}
