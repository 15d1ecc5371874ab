/** The part of a counter that one holder may use, as stored in the counter's item. */
export interface Lease {
  /** Taken from the counter and not yet settled. */
  readonly amount: number;
  /** The part reserved by requests in flight: booked if the holder never comes back. */
  readonly inFlight: number;
  /** In milliseconds. Nothing is authorized from the lease afterwards. */
  readonly until: number;
  /** The number of the exchange that wrote it. A holder uses each number once. */
  readonly sequence: number;
}

/** One quota window, or one shard of it. `committed` is `settled` plus the amounts of all leases. */
export interface Counter {
  readonly settled: number;
  readonly committed: number;
  readonly leases: ReadonlyMap<string, Lease>;
  /** What a request asked for that was refused for lack of room; of several, one. */
  readonly refused?: number;
}

/** The only operation on a counter: it settles, renews, tops up, returns and reclaims. */
export interface Exchange {
  readonly holderId: string;
  /** The lease that the holder must have for this to happen; `undefined` for none. */
  readonly before: Lease | undefined;
  readonly after: Lease | undefined;
  readonly settle: number;
  /** The most that `committed` may become. Absent where the money is already spent. */
  readonly limit?: number;
  /** For people to hear of: an amount that was refused. */
  readonly refused?: number;
}

/** The holder of what a batch job has reserved: it ends days after the process that made it. */
export function jobHolder(jobId: string): string {
  return `${JOB}${jobId}`;
}

/** Whether it keeps its lease until its job ends, and returns nothing before. */
export function isJob(holderId: string): boolean {
  return holderId.startsWith(JOB);
}

const JOB = 'job#';

export const EMPTY_COUNTER: Counter = { settled: 0, committed: 0, leases: new Map() };

/** What an exchange adds to `committed`. */
export function growthOf({ before, after, settle }: Exchange): number {
  return settle + (after?.amount ?? 0) - (before?.amount ?? 0);
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
