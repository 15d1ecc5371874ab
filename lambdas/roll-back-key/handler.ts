import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { ReplacedKeySchema } from '../../governance/keys/retirement.js';
import { blockingVersion, versionAt } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';

export interface RollBackKeyDeps extends Pick<KeyDeps, 'keySource' | 'log'> {
  readonly secrets: SecretVersions;
}

export interface RollBack {
  /** `overtaken`: a later rotation's key is current by now, so nothing was changed. */
  readonly outcome: 'rolled back' | 'overtaken';
  /** The version of another rotation, which has not finished and keeps Secrets Manager from the next. */
  readonly unfinished?: string | undefined;
}

/** Task of the retirement flow: promotes the previous key again and deletes the bad one. */
export function createRollBackKeyHandler({ secrets, keySource, log }: RollBackKeyDeps) {
  return async (event: unknown): Promise<RollBack> => {
    const { secretId, secretName, oldVersionId, newVersionId, newKeyId } =
      ReplacedKeySchema.parse(event);
    const current = versionAt(await secrets.describe(secretId), 'AWSCURRENT');
    if (current !== oldVersionId) {
      const moved = await secrets.moveCurrent(secretId, newVersionId, oldVersionId);
      if (moved === 'moved on') return { outcome: 'overtaken' };
    }
    // Left on the bad version, AWSPENDING would make the next rotation resume it.
    await secrets.clearPending(secretId, newVersionId);
    await keySource.delete(newKeyId);
    log.warn('rolled back', { secret: secretName, keyId: newKeyId });
    const unfinished = blockingVersion(await secrets.describe(secretId));
    return { outcome: 'rolled back', unfinished };
  };
}
