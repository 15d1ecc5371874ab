import type { KeySource } from '../adapters/key-source.js';
import type { Log } from '../adapters/log.js';
import type { SecretVersions } from '../adapters/secret-versions.js';
import { KeyStillCurrentError } from '../domain/errors.js';
import { RetirementSchema } from '../domain/retirement.js';
import { versionAt } from '../domain/rotation.js';

export interface RevokeKeyDeps {
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly keySource: Pick<KeySource, 'delete'>;
  readonly log: Log;
}

/** Task of the retirement flow: deletes the old key, after one last look at what AWSCURRENT names. */
export function createRevokeKeyHandler({ secrets, keySource, log }: RevokeKeyDeps) {
  return async (event: unknown): Promise<{ outcome: 'deleted' | 'already gone' }> => {
    const { secretId, secretName, oldKeyId } = RetirementSchema.parse(event);
    const current = versionAt(await secrets.describe(secretId), 'AWSCURRENT');
    const key = current === undefined ? undefined : await secrets.read(secretId, current);
    if (!key || key.keyId === oldKeyId) {
      throw new KeyStillCurrentError(
        key
          ? `key ${oldKeyId} is what AWSCURRENT of ${secretName} names: not revoked`
          : `AWSCURRENT of ${secretName} names no key: key ${oldKeyId} not revoked`,
      );
    }
    const outcome = await keySource.delete(oldKeyId);
    log.info('revoked', { secret: secretName, keyId: oldKeyId, outcome });
    return { outcome };
  };
}
