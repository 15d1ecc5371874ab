import { SecretGoneError, SecretValueError } from '../platform/errors.js';
import type { ManagedKey } from './managed-key.js';
import { type SecretState, versionAt } from './rotation.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { UnidentifiedKeyError } from './unidentified-key.js';

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

/** The state of a secret; `undefined` for one that is deleted or not deployed yet. */
export async function describeExisting(
  secrets: Pick<SecretVersions, 'describe'>,
  secretName: string,
  onMissing: (reason: string) => void = () => {},
): Promise<SecretState | undefined> {
  try {
    return await secrets.describe(secretName);
  } catch (error) {
    if (!(error instanceof SecretGoneError)) throw error;
    onMissing(error.message);
    return undefined;
  }
}

/**
 * What AWSCURRENT names. By the secret's name: one that was deleted and created again has another ARN. A key that nothing
 * identifies is not returned.
 *
 * @throws SecretGoneError, SecretValueError
 */
export async function readCurrentKey(
  secrets: Pick<SecretVersions, 'describe' | 'read'>,
  secretName: string,
) {
  const state = await secrets.describe(secretName);
  const versionId = versionAt(state, 'AWSCURRENT');
  if (versionId === undefined) return { state, versionId, key: undefined, isUnidentified: false };
  try {
    const key = await secrets.read(state.arn, versionId);
    return { state, versionId, key, isUnidentified: false };
  } catch (error) {
    if (!(error instanceof UnidentifiedKeyError)) throw error;
    return { state, versionId, key: undefined, isUnidentified: true };
  }
}
