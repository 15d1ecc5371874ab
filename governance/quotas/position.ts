import { type Exchange, isSameLease, type Lease } from './counter.js';
import { CLOCK_MARGIN_MS, FORGET_MS, fenceOf, LEASE_MS } from './lease-time.js';

const MAX_UNANSWERED = 20;

/**
 * A holder's side of one counter. It changes in place: requests are authorized and settled by
 * these few numbers alone, millions of times between two exchanges.
 */
export interface Position {
  /** What may still be authorized. Below zero once more was used than there was a lease for. */
  free: number;
  /** Used and not settled yet. Below zero after a reclaim that booked more than was used. */
  used: number;
  /** Reserved by requests under way. */
  inFlight: number;
  /** Nothing is authorized from this instant on. */
  fenceMs: number;
  /** The lease as the counter has it, by all that is known. */
  lease: Lease | undefined;
  /** Exchanges that were sent from that lease and whose outcome is not known. One at most happened. */
  unanswered: Exchange[];
  /** An answer was lost once, so a command may still arrive that nobody remembers. */
  hasLostAnswers: boolean;
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
    hasLostAnswers: false,
    sequence: 0,
  };
}

/** Settles what was used and leaves a lease on what is under way plus `spare`. */
export function propose(
  position: Position,
  holderId: string,
  { spare, nowMs, limit }: { spare: number; nowMs: number; limit: number },
): Exchange {
  const { lease, used, inFlight, unanswered } = position;
  const latest = unanswered.at(-1);
  // In a long outage the same exchange is sent again and again: it happens once at most.
  if (latest && unanswered.length >= MAX_UNANSWERED) return latest;
  position.sequence += 1;
  const amount = inFlight + spare;
  // A late duplicate of a lost command finds no place as long as the lease's record is there.
  const isDone = amount === 0 && !position.hasLostAnswers;
  const after = { amount, inFlight, until: nowMs + LEASE_MS, sequence: position.sequence };
  const growth = used + amount - (lease?.amount ?? 0);
  const exchange: Exchange = {
    holderId,
    before: lease,
    after: isDone ? undefined : after,
    settle: used,
    // What is used or under way is owed, whatever the limit says.
    ...(spare > 0 && growth > 0 && { limit }),
  };
  position.unanswered.push(exchange);
  recount(position);
  return exchange;
}

/** The last exchange that was proposed has happened, in the only attempt or in one of several. */
export function confirm(position: Position): void {
  const exchange = position.unanswered.at(-1);
  if (!exchange) return;
  position.used -= exchange.settle;
  accept(position, exchange.after);
}

/** No answer came: the exchange may have happened, may never, or may yet. */
export function doubt(position: Position): void {
  position.hasLostAnswers = true;
}

/** The last exchange was refused; the counter tells what became of those before it, or of itself. */
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
    throw new LeaseTakenError('the lease of this holder was written by somebody else');
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
  // Which of the exchanges had happened is forgotten too: rather book too much than too little.
  const booked = [lease, ...unanswered.flatMap(({ after }) => after ?? [])];
  position.used -= Math.min(...booked.map(({ inFlight }) => inFlight));
}

function accept(position: Position, lease: Lease | undefined): void {
  position.lease = lease;
  position.unanswered = [];
  position.fenceMs = lease ? fenceOf(lease) : 0;
  recount(position);
}

/** Only what is there by every possible outcome may be authorized from. */
function recount(position: Position): void {
  let ceiling = position.lease?.amount ?? 0;
  for (const { settle, after } of position.unanswered)
    ceiling = Math.min(ceiling, settle + (after?.amount ?? 0));
  position.free = ceiling - position.used - position.inFlight;
}

/** Two processes go by the same holder id: neither can know what it may spend. */
export class LeaseTakenError extends Error {
  override readonly name = 'LeaseTakenError';
}
