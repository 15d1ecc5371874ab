import { type Exchange, isSameLease, type Lease } from './counter.js';
import { CLOCK_MARGIN_MS, FORGET_MS, fenceOf, LEASE_MS } from './lease-time.js';

const MAX_UNANSWERED = 20;

/**
 * A holder's side of one counter. It changes in place: requests are authorized and settled by these
 * few numbers alone, millions of times between two exchanges.
 */
export interface Position {
  /** What may still be authorized. Below zero after more was used than leased. */
  free: number;
  /** Used and not yet settled. Below zero after a reclaim that booked more than was used. */
  used: number;
  /** Reserved by requests in flight. */
  inFlight: number;
  /** Nothing is authorized from this instant on. */
  fenceMs: number;
  /** The lease in the counter, as far as is known. */
  lease: Lease | undefined;
  /** Exchanges that were sent from this lease, with unknown outcome. At most one has happened. */
  unanswered: Exchange[];
  /** When an answer was last lost: its command may still arrive. */
  lostAnswerMs: number;
  sequence: number;
}

export function newPosition(): Position {
  return {
    free: 0,
    used: 0,
    inFlight: 0,
    fenceMs: 0,
    lease: undefined,
    unanswered: [],
    lostAnswerMs: Number.NEGATIVE_INFINITY,
    sequence: 0,
  };
}

/** Settles what was used, and leases what is in flight plus `spare`. */
export function propose(
  position: Position,
  holderId: string,
  { spare, nowMs, limit }: { spare: number; nowMs: number; limit: number },
): Exchange {
  const { lease, used, inFlight, unanswered } = position;
  const latest = unanswered.at(-1);
  // In a long outage the same exchange is sent again and again; it can happen only once.
  if (latest && unanswered.length >= MAX_UNANSWERED) return latest;
  position.sequence += 1;
  const amount = inFlight + spare;
  // A late duplicate of a lost command cannot happen as long as the lease's record is there.
  const isDone = amount === 0 && !mayYetArrive(position, nowMs);
  const after = { amount, inFlight, until: nowMs + LEASE_MS, sequence: position.sequence };
  const growth = used + amount - (lease?.amount ?? 0);
  const exchange: Exchange = {
    holderId,
    before: lease,
    after: isDone ? undefined : after,
    settle: used,
    // What is used or in flight is owed, also above the limit.
    ...(spare > 0 && growth > 0 && { limit }),
  };
  position.unanswered.push(exchange);
  recount(position);
  return exchange;
}

/** The last proposed exchange has happened, in its only attempt or in one of several. */
export function confirm(position: Position): void {
  const exchange = position.unanswered.at(-1);
  if (!exchange) return;
  position.used -= exchange.settle;
  accept(position, exchange.after);
}

/** No answer came: the exchange may have happened, may happen later, or never. */
export function doubt(position: Position, nowMs: number): void {
  position.lostAnswerMs = nowMs;
}

/** A command whose answer was lost may arrive for as long as AWS accepts its signature. */
export function mayYetArrive({ lostAnswerMs }: Position, nowMs: number): boolean {
  return nowMs <= lostAnswerMs + FORGET_MS + 2 * CLOCK_MARGIN_MS;
}

/** The last exchange was refused; the counter shows what became of it and of those before. */
export function reconcile(
  position: Position,
  found: Lease | undefined,
  { nowMs, mayYetArrive }: { nowMs: number; mayYetArrive: boolean },
): void {
  if (isSameLease(position.lease, found)) {
    if (!mayYetArrive) position.unanswered.pop();
    recount(position);
    return;
  }
  if (found) reconcileLease(position, found);
  else reconcileAbsence(position, nowMs);
  accept(position, found);
}

function reconcileLease(position: Position, found: Lease): void {
  const { lease, unanswered } = position;
  const happened = unanswered.find(({ after }) => after?.sequence === found.sequence);
  const written = happened?.after ?? lease;
  if (written?.sequence !== found.sequence)
    throw new LeaseTakenError('the lease of this holder was written by another process');
  if (happened) position.used -= happened.settle;
  const wasReclaimed = found.amount < written.amount;
  if (wasReclaimed) position.used -= written.inFlight;
}

function reconcileAbsence(position: Position, nowMs: number): void {
  const { lease, unanswered } = position;
  if (!lease) return;
  const removal = unanswered.find(({ after }) => after === undefined);
  const mayBeForgotten = nowMs > lease.until + FORGET_MS - 2 * CLOCK_MARGIN_MS;
  if (removal && !mayBeForgotten) {
    position.used -= removal.settle;
    return;
  }
  // It is unknown which of the exchanges had happened: better to book too much than too little.
  const booked = [lease, ...unanswered.flatMap(({ after }) => after ?? [])];
  position.used -= Math.min(...booked.map(({ inFlight }) => inFlight));
}

function accept(position: Position, lease: Lease | undefined): void {
  position.lease = lease;
  position.unanswered = [];
  position.fenceMs = lease ? fenceOf(lease) : 0;
  recount(position);
}

/** Only what is available under every possible outcome may be authorized. */
function recount(position: Position): void {
  let ceiling = position.lease?.amount ?? 0;
  for (const { settle, after } of position.unanswered)
    ceiling = Math.min(ceiling, settle + (after?.amount ?? 0));
  position.free = ceiling - position.used - position.inFlight;
}

/** Two processes use the same holder id: neither can know what it may spend. */
export class LeaseTakenError extends Error {
  override readonly name = 'LeaseTakenError';
}
