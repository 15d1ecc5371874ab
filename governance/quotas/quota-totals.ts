import { mapBounded } from '../platform/map-bounded.js';
import { totalsAt } from './lease-time.js';
import type { Quota } from './quota.js';
import type { QuotaCounters } from './quota-counters.aws.js';
import { windowName } from './quota-window.js';
import { counterKey } from './shards.js';

export interface QuotaTotal {
  readonly quota: Quota;
  readonly windowName: string;
  /** Used, in the quota's unit. */
  readonly settled: number;
  /** Used, or leased by leases that have not expired. */
  readonly committed: number;
  /** What a request asked for that was refused for lack of room. */
  readonly refused?: number | undefined;
}

/** The totals of quotas, over all shards. */
export interface QuotaTotals {
  /** Of the windows around `windowsAt`, as they are at `now`. */
  of(quotas: readonly Quota[], windowsAt: Date, now: Date): Promise<readonly QuotaTotal[]>;
}

const READS_AT_ONCE = 16;

export function createQuotaTotals(counters: Pick<QuotaCounters, 'read'>): QuotaTotals {
  return {
    async of(quotas, windowsAt, now) {
      return mapBounded(quotas, READS_AT_ONCE, async (quota) => {
        const name = windowName(quota.window, windowsAt);
        let settled = 0;
        let committed = 0;
        let refused: number | undefined;
        for (let shard = 0; shard < (quota.shards ?? 1); shard += 1) {
          const counter = await counters.read(counterKey(quota, name, shard));
          const total = totalsAt(counter, now.getTime());
          settled += total.settled;
          committed += total.committed;
          refused ??= counter.refused;
        }
        return {
          quota,
          windowName: name,
          settled,
          committed,
          ...(refused !== undefined && { refused }),
        };
      });
    },
  };
}
