import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { type Retirement, RetirementSchema } from '../../governance/keys/retirement.js';
import { readCurrentKey } from '../../governance/keys/stored-keys.js';
import { KeyStillCurrentError } from '../../governance/platform/errors.js';
import { isPlanned } from '../../governance/policy/planned-keys.js';

export type RevokeKeyDeps = Pick<KeyDeps, 'policy' | 'secrets' | 'keySource' | 'log'>;

/** Task of the retirement flow: deletes the old key, after a last check of what AWSCURRENT names. */
export function createRevokeKeyHandler({ policy, secrets, keySource, log }: RevokeKeyDeps) {
  return async (event: unknown): Promise<{ outcome: 'deleted' | 'already gone' }> => {
    const retirement = RetirementSchema.parse(event);
    const { secretName, oldKeyId } = retirement;
    if (isPlanned(policy, secretName)) await refuseCurrent(secrets, retirement);
    const outcome = await keySource.delete(oldKeyId);
    log.info('revoked', { secret: secretName, keyId: oldKeyId, outcome });
    return { outcome };
  };
}

async function refuseCurrent(
  secrets: RevokeKeyDeps['secrets'],
  { secretName, oldKeyId }: Retirement,
): Promise<void> {
  const { key } = await readCurrentKey(secrets, secretName);
  if (key && key.keyId !== oldKeyId) return;
  throw new KeyStillCurrentError(
    key
      ? `key ${oldKeyId} is what AWSCURRENT of ${secretName} names: not revoked`
      : `AWSCURRENT of ${secretName} names no key: key ${oldKeyId} not revoked`,
  );
}
