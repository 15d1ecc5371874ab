import { refuseHeld } from '../../governance/keys/held-keys.js';
import type { KeyDeps } from '../../governance/keys/key-deps.js';
import {
  checkRetirement,
  type RetirementCheckDeps,
} from '../../governance/keys/retirement-check.js';

export type RevokeKeyDeps = RetirementCheckDeps & Pick<KeyDeps, 'keySource' | 'log'>;

export interface Revocation {
  /** `not due`: what was found before no longer holds, so nothing was deleted. */
  readonly outcome: 'deleted' | 'already gone' | 'not due';
}

/** Task of the retirement flow: deletes the old key, if all that allows it still holds at this moment. */
export function createRevokeKeyHandler(deps: RevokeKeyDeps) {
  return async (event: unknown): Promise<Revocation> => {
    const { retirement, verdict, oldKey } = await checkRetirement(deps, event);
    const { secretName, oldKeyId } = retirement;
    if (!oldKey) return { outcome: 'already gone' };
    await refuseHeld(deps, retirement, oldKey);
    const outcome = verdict.kind === 'revoke' ? await deps.keySource.delete(oldKeyId) : 'not due';
    deps.log.info('revoked', { secret: secretName, keyId: oldKeyId, outcome });
    return { outcome };
  };
}
