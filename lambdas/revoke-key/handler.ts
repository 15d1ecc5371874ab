import { type Retirement, RetirementSchema } from '../../governance/keys/retirement.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { readCurrentKey } from '../../governance/keys/stored-keys.js';
import type { KeySource } from '../../governance/mistral/key-source.js';
import { KeyStillCurrentError } from '../../governance/platform/errors.js';
import type { Log } from '../../governance/platform/log.js';
import { isPlanned } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';

export interface RevokeKeyDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly keySource: Pick<KeySource, 'delete'>;
  readonly log: Log;
}

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
