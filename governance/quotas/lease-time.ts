import type { Counter, Exchange, Lease } from './counter.js';

/** How far each holder's clock may differ from the true time. */
export const CLOCK_MARGIN_MS = 5_000;

/** The longest time between two flushes of a holder while requests are in flight. */
export const FLUSH_WITHIN_MS = 4_000;

/** The longest that a call to the counters takes. */
const CALL_MS = 3_000;

/**
 * The time in which a running holder writes a new request to the counter: the next flush may have to
 * wait for a call in progress before its own.
 */
export const RECORDED_WITHIN_MS = FLUSH_WITHIN_MS + 2 * CALL_MS;

/** With the margin, other holders can reclaim a lease 60 s after its last renewal. */
export const LEASE_MS = 60_000 - CLOCK_MARGIN_MS;

/**
 * How long an emptied lease is kept, so that a returning holder learns what became of it. After that
 * AWS no longer accepts commands from before the lease: signatures last five minutes.
 */
export const FORGET_MS = 5 * 60_000;

/**
 * From this instant on a holder authorizes nothing more from its own lease. A request that began just
 * before is recorded as in flight before others may reclaim the lease, by any clock.
 */
export function fenceOf({ until }: Pick<Lease, 'until'>): number {
  return until - CLOCK_MARGIN_MS - RECORDED_WITHIN_MS;
}

export function isReclaimable({ amount, until }: Lease, nowMs: number): boolean {
  return amount > 0 ? nowMs > until + CLOCK_MARGIN_MS : nowMs > until + FORGET_MS;
}

/**
 * Reclaims a dead holder's lease. What its requests in flight had reserved counts as spent, since no
 * other holder can know how much of it was used.
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

/** The reclaims that are possible, those first that free the most. */
export function reclaims(counter: Counter, nowMs: number, except: string): Exchange[] {
  return [...counter.leases]
    .filter(([holderId, lease]) => holderId !== except && isReclaimable(lease, nowMs))
    .sort(([, one], [, other]) => other.amount - one.amount)
    .map(([holderId, lease]) => reclaimOf(holderId, lease, nowMs));
}

/** Settled and committed, as if every reclaimable lease had been reclaimed. */
export function totalsAt(counter: Counter, nowMs: number): { settled: number; committed: number } {
  let { settled, committed } = counter;
  for (const lease of counter.leases.values()) {
    if (!isReclaimable(lease, nowMs)) continue;
    settled += lease.inFlight;
    committed += lease.inFlight - lease.amount;
  }
  return { settled, committed };
}
