import * as z from 'zod';
import type { Consumers } from '../../governance/keys/consumers.aws.js';
import {
  type Consumer,
  consumerName,
  consumersOf,
  judgeRefresh,
  type Progress,
  RefreshSchema,
  type RefreshVerdict,
  refreshUntil,
} from '../../governance/keys/refresh.js';
import { RetirementSchema } from '../../governance/keys/retirement.js';
import { messageOf } from '../../governance/platform/failures.js';
import type { Log } from '../../governance/platform/log.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';

export interface RefreshConsumersDeps {
  readonly policy: Policy;
  readonly consumers: Consumers;
  readonly log: Log;
  readonly now: () => Date;
}

const SoFarSchema = z.object({
  refresh: RefreshSchema.optional(),
  /** The new key was withdrawn: what started with it must start with the one before. */
  rollBack: z.object({}).optional(),
});
/** Beyond that, an error of AWS says nothing more. */
const LONGEST_REASON = 300;

/**
 * Task of the retirement flow: has the services restart that read the key only then, and says whether they are
 * steady. Which they are is in the policy, and in no input.
 */
export function createRefreshConsumersHandler(deps: RefreshConsumersDeps) {
  return async (event: unknown): Promise<RefreshVerdict> => {
    const { policy, log, now } = deps;
    const retirement = RetirementSchema.parse(event);
    const { rollBack, ...soFar } = SoFarSchema.parse(event);
    const refresh = rollBack ? undefined : soFar.refresh;
    const { secretName } = retirement;
    const planned = plannedKeys(policy).find((one) => one.secretName === secretName);
    // A key that left the policy has no successor to start with; an approval comes long after the new start.
    const isReplaced = retirement.reason === 'replaced' && !retirement.approved;
    const consumers = isReplaced ? consumersOf(planned?.key.refresh ?? []) : [];
    const before = new Map(refresh?.consumers.map((one) => [one.name, one]));
    const promotion =
      retirement.reason === 'replaced' && !rollBack
        ? { promotedAt: new Date(retirement.promotedAt), versionId: retirement.newVersionId }
        : { promotedAt: now(), versionId: retirement.oldVersionId };

    async function advance(consumer: Consumer): Promise<Progress> {
      const name = consumerName(consumer);
      const known = before.get(name);
      if (known && known.kind !== 'starting') return known;
      try {
        return { name, ...(await deps.consumers.refresh(consumer, promotion)) };
      } catch (error) {
        log.warn('consumer not refreshed', { secret: secretName, consumer: name, error });
        const reason = messageOf(error).slice(0, LONGEST_REASON);
        return { name, kind: 'starting', reason };
      }
    }

    const progress = await Promise.all(consumers.map(advance));
    const at = now();
    const verdict = judgeRefresh(progress, refresh?.until ?? refreshUntil(at), at);
    log.info('refresh', { secret: secretName, ...verdict });
    return verdict;
  };
}
