/** What one holder may still use of a counter, as the counter's item has it. */
export interface Lease {
  /** Taken from the counter and not settled yet. */
  readonly amount: number;
  /** The part of it that requests under way had reserved: booked if the holder never comes back. */
  readonly inFlight: number;
  /** Nothing is authorized from it after this instant, in milliseconds. */
  readonly until: number;
  /** Of the exchange that wrote it. A holder uses no number twice, so it says which one that was. */
  readonly sequence: number;
}

/** One quota window, or one shard of it. `committed` is `settled` plus the amounts of all leases. */
export interface Counter {
  readonly settled: number;
  readonly committed: number;
  readonly leases: ReadonlyMap<string, Lease>;
}

/** Settles, renews, tops up, gives back and reclaims: all that is ever done to a counter. */
export interface Exchange {
  readonly holderId: string;
  /** The holder's lease as it must be for this to happen; `undefined` for none. */
  readonly before: Lease | undefined;
  readonly after: Lease | undefined;
  readonly settle: number;
  /** What `committed` must not pass. Absent where the money is spent already. */
  readonly limit?: number;
}

export const EMPTY_COUNTER: Counter = { settled: 0, committed: 0, leases: new Map() };

/** How much an exchange adds to what is committed. */
export function growthOf({ before, after, settle }: Exchange): number {
  return settle + (after?.amount ?? 0) - (before?.amount ?? 0);
}

/** The counter after an exchange; `undefined` where its conditions do not hold. */
export function exchanged(counter: Counter, exchange: Exchange): Counter | undefined {
  const { holderId, before, after, settle, limit } = exchange;
  if (!isSameLease(counter.leases.get(holderId), before)) return undefined;
  const committed = counter.committed + growthOf(exchange);
  if (limit !== undefined && committed > limit) return undefined;
  const leases = new Map(counter.leases);
  if (after) leases.set(holderId, after);
  else leases.delete(holderId);
  return { settled: counter.settled + settle, committed, leases };
}

export function isSameLease(one: Lease | undefined, other: Lease | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.sequence === other.sequence &&
    one.amount === other.amount &&
    one.inFlight === other.inFlight &&
    one.until === other.until
  );
}
