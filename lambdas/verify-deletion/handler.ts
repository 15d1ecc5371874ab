import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { type DeletionVerdict, judgeDeletion } from '../../governance/keys/operator/deletion.js';
import { checkDeletion } from '../../governance/keys/operator/deletion-check.js';
import { isLeaked, RetirementSchema } from '../../governance/keys/retirement.js';
import { onReminderDays, type SilentVerdict } from '../../governance/keys/retirement-reminder.js';

type VerifyDeletionDeps = Pick<KeyDeps, 'policy' | 'secrets' | 'prober' | 'log' | 'now'>;

/** Task of the retirement flow in operator mode: checks whether an old key still works. */
export function createVerifyDeletionHandler(deps: VerifyDeletionDeps) {
  return async (event: unknown): Promise<DeletionVerdict | SilentVerdict> => {
    const retirement = RetirementSchema.parse(event);
    const facts = await checkDeletion(deps, retirement);
    const now = deps.now();
    const judged = judgeDeletion({ ...facts, now });
    // A key that leaked is asked for every day.
    const verdict = isLeaked(retirement) ? judged : onReminderDays(judged, event, now);
    deps.log.info('verdict', { secret: retirement.secretName, ...verdict });
    return verdict;
  };
}
