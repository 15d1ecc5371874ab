import type { KeyDeps } from '../../governance/keys/key-deps.js';
import {
  type CheckedRetirement,
  checkRetirement,
  type RetirementCheckDeps,
} from '../../governance/keys/retirement-check.js';

export type VerifyRetirementDeps = RetirementCheckDeps & Pick<KeyDeps, 'log'>;

/** Task of the retirement flow: gathers the facts about an old key and returns a verdict. */
export function createVerifyRetirementHandler(deps: VerifyRetirementDeps) {
  return async (event: unknown): Promise<CheckedRetirement['verdict']> => {
    const { retirement, verdict } = await checkRetirement(deps, event);
    deps.log.info('verdict', { secret: retirement.secretName, ...verdict });
    return verdict;
  };
}
