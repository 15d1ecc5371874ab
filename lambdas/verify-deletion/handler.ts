import { type DeletionVerdict, judgeDeletion } from '../../governance/keys/operator/deletion.js';
import {
  checkDeletion,
  type DeletionCheckDeps,
} from '../../governance/keys/operator/deletion-check.js';
import { RetirementSchema } from '../../governance/keys/retirement.js';
import type { Log } from '../../governance/platform/log.js';

export interface VerifyDeletionDeps extends DeletionCheckDeps {
  readonly log: Log;
  readonly now: () => Date;
}

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
