import type { ManagedKey } from '../domain/managed-key.js';
import type { SecretState } from '../domain/rotation.js';

/** The versions of managed secrets and the labels on them. */
export interface SecretVersions {
  describe(secretId: string): Promise<SecretState>;
  /** The key a version holds; `undefined` for a version without a value yet. */
  read(secretId: string, versionId: string): Promise<ManagedKey | undefined>;
  /**
   * Stores a key as the AWSPENDING version `versionId`. `taken` when that version holds a value
   * already: a concurrent attempt at the same rotation came first.
   */
  putPending(
    secretId: string,
    versionId: string,
    key: ManagedKey,
    rotationToken?: string,
  ): Promise<'stored' | 'taken'>;
  /** Moves AWSCURRENT, only if it is on `from`. `moved on` when it is elsewhere. */
  moveCurrent(secretId: string, from: string, to: string): Promise<'moved' | 'moved on'>;
  /** Takes AWSPENDING off a version, so that the next rotation can start. */
  clearPending(secretId: string, versionId: string): Promise<void>;
}
