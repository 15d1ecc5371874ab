import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { type DeletionVerdict, judgeDeletion } from '../../governance/keys/operator/deletion.js';
import { checkDeletion } from '../../governance/keys/operator/deletion-check.js';
import { RetirementSchema } from '../../governance/keys/retirement.js';

type VerifyDeletionDeps = Pick<KeyDeps, 'policy' | 'secrets' | 'prober' | 'log' | 'now'>;

/** Task of the retirement flow in operator mode: checks whether an old key still works. */
export function createVerifyDeletionHandler(deps: VerifyDeletionDeps) {
  return async (event: unknown): Promise<DeletionVerdict> => {
    const retirement = RetirementSchema.parse(event);
    const facts = await checkDeletion(deps, retirement);
    const verdict = judgeDeletion({ ...facts, now: deps.now() });
    deps.log.info('verdict', { secret: retirement.secretName, ...verdict });
    return verdict;
  };
}
