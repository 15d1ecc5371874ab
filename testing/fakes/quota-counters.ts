import {
  type Counter,
  EMPTY_COUNTER,
  type Exchange,
  growthOf,
  isSameLease,
} from '../../governance/quotas/counter.js';
import type { QuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import type { CounterKey } from '../../governance/quotas/shards.js';

export interface FakeQuotaCounters extends QuotaCounters {
  readonly counters: ReadonlyMap<string, Counter>;
  /** How many exchanges were attempted, failed ones included: each is a write that costs money. */
  writes(): number;
  /** As if the table were new. */
  forget(): void;
}

/** The table's conditional writes, in memory. */
export function createFakeQuotaCounters(): FakeQuotaCounters {
  const counters = new Map<string, Counter>();
  let writes = 0;

  return {
    counters,
    writes: () => writes,
    forget: () => counters.clear(),

    async read(key) {
      return counters.get(nameOf(key)) ?? EMPTY_COUNTER;
    },

    async exchange(key, exchange) {
      writes += 1;
      const before = counters.get(nameOf(key)) ?? EMPTY_COUNTER;
      const after = exchanged(before, exchange);
      if (after) counters.set(nameOf(key), after);
      return { happened: after !== undefined, counter: after ?? before, wasRepeated: false };
    },
  };
}

function nameOf({ pk, sk }: CounterKey): string {
  return `${pk} ${sk}`;
}

/** The counter after an exchange; `undefined` if its conditions do not hold. */
function exchanged(counter: Counter, exchange: Exchange): Counter | undefined {
  const { holderId, before, after, settle, limit, refused = counter.refused } = exchange;
  if (!isSameLease(counter.leases.get(holderId), before)) return undefined;
  const committed = counter.committed + growthOf(exchange);
  if (limit !== undefined && committed > limit) return undefined;
  const leases = new Map(counter.leases);
  if (after) leases.set(holderId, after);
  else leases.delete(holderId);
  const settled = counter.settled + settle;
  return { settled, committed, leases, ...(refused !== undefined && { refused }) };
}
