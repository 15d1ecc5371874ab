import type { Counter, Exchange, Lease } from './counter.js';

/** How far the clocks of two holders may differ from the true time, each of them. */
export const CLOCK_MARGIN_MS = 5_000;

/** How often at least a holder flushes while requests run. */
export const FLUSH_WITHIN_MS = 4_000;

/** What a call to the counters takes at most. */
const CALL_MS = 3_000;

/**
 * In which a holder that is up tells the counter of a request that began: the flush after it may
 * have to wait for a call under way before its own.
 */
export const RECORDED_WITHIN_MS = FLUSH_WITHIN_MS + 2 * CALL_MS;

/** With the margin, a lease is free for others 60 s at most after its holder was last heard of. */
export const LEASE_MS = 60_000 - CLOCK_MARGIN_MS;

/**
 * How long an emptied lease still tells its holder, should it come back, what became of it. By then
 * AWS accepts no command any more that was sent from before the lease: signatures last five minutes.
 */
export const FORGET_MS = 5 * 60_000;

/**
 * The instant from which a holder authorizes nothing more from its own lease: what began just before
 * is in flight in the counter before anybody may take the lease back, by whichever clock.
 */
export function fenceOf({ until }: Pick<Lease, 'until'>): number {
  return until - CLOCK_MARGIN_MS - RECORDED_WITHIN_MS;
}

export function isReclaimable({ amount, until }: Lease, nowMs: number): boolean {
  return amount > 0 ? nowMs > until + CLOCK_MARGIN_MS : nowMs > until + FORGET_MS;
}

/**
 * Takes a dead holder's lease back. What its requests under way had reserved counts as spent:
 * nobody else can know how much of it was.
 */
export function reclaimOf(holderId: string, lease: Lease, nowMs: number): Exchange {
  const isForgotten = nowMs > lease.until + FORGET_MS;
  return {
    holderId,
    before: lease,
    after: isForgotten ? undefined : { ...lease, amount: 0, inFlight: 0 },
    settle: lease.inFlight,
  };
}

/** The leases that may be taken back, those first that free the most. */
export function reclaims(counter: Counter, nowMs: number, except: string): Exchange[] {
  return [...counter.leases]
    .filter(([holderId, lease]) => holderId !== except && isReclaimable(lease, nowMs))
    .sort(([, one], [, other]) => other.amount - one.amount)
    .map(([holderId, lease]) => reclaimOf(holderId, lease, nowMs));
}

/** Settled and committed as if all that may be taken back had been. */
export function totalsAt(counter: Counter, nowMs: number): { settled: number; committed: number } {
  let { settled, committed } = counter;
  for (const lease of counter.leases.values()) {
    if (!isReclaimable(lease, nowMs)) continue;
    settled += lease.inFlight;
    committed += lease.inFlight - lease.amount;
  }
  return { settled, committed };
}
