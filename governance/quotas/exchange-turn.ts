import { type Account, NO_REFUSAL, TAKEN, takeInTurn, type Waiter } from './account.js';
import type { Exchange } from './counter.js';
import { obtainable, rollDemand, spareFor, supplyFor } from './lease-size.js';
import { reclaims } from './lease-time.js';
import { confirm, doubt, propose, reconcile } from './position.js';
import type { QuotaCounters } from './quota-counters.aws.js';

export interface HolderParts {
  readonly holderId: string;
  readonly counters: QuotaCounters;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Told of every call to the counters that failed; it will be repeated. */
  readonly report: (error: unknown) => void;
}

const MAX_EXCHANGES = 12;
const MAX_RECLAIMS = 4;
/** At a window's start most of those who will share it have not come yet. */
const LEAST_HOLDERS = 8;
const REFUSAL_MS = 1_000;
/** Nobody holds anything, so that only a higher limit could bring something back. */
const FINAL_REFUSAL_MS = 10_000;
const OUTAGE_MS = 200;

/** What a turn is for: to keep a supply for the requests to come, or to end with nothing. */
export type Purpose = 'supply' | 'give-back';

/** Starts exchanging with the counter, or joins the turn that is under way. Never rejects. */
export function startTurn(
  account: Account,
  parts: HolderParts,
  purpose: Purpose = 'supply',
): Promise<void> {
  account.turn ??= exchangeTurn(account, parts, purpose).finally(() => {
    account.turn = undefined;
    if (account.waiters.length > 0) void startTurn(account, parts);
  });
  return account.turn;
}

async function exchangeTurn(account: Account, parts: HolderParts, purpose: Purpose): Promise<void> {
  try {
    for (let turns = 0; turns < MAX_EXCHANGES; turns += 1) {
      const happened = await exchangeOnce(account, parts, purpose);
      serve(account, parts.nowMs());
      if (happened && account.waiters.length === 0) break;
      if (account.waiters.length > 0) await reclaimForWaiters(account, parts);
      refuseHopeless(account, parts);
      if (happened && account.waiters.length === 0) break;
    }
    // Others were faster every time; they hold what this one would have needed.
    for (const { answer } of drain(account)) answer({ kind: 'exhausted', heldByOthers: true });
    await reclaimSome(account, parts);
  } catch (error) {
    fail(account, parts, error);
  }
}

/** One exchange; whether it happened. */
async function exchangeOnce(account: Account, parts: HolderParts, purpose: Purpose) {
  const { position, key, limit, expiresAtMs } = account;
  const { holderId, counters, nowMs } = parts;
  rollDemand(account.demand, nowMs());
  const spare = purpose === 'supply' ? plannedSpare(account, parts) : 0;
  const exchange = propose(position, holderId, { spare, nowMs: nowMs(), limit });
  const answer = await counters.exchange(key, exchange, expiresAtMs).catch((error) => {
    doubt(position);
    throw error;
  });
  if (answer.wasRepeated) doubt(position);
  account.counter = answer.counter;
  account.outage = { untilMs: 0, reason: '' };
  if (answer.happened) confirm(position);
  else {
    const found = answer.counter.leases.get(holderId);
    reconcile(position, found, { nowMs: nowMs(), mayYetArrive: answer.wasRepeated });
  }
  account.lowWater = Math.floor(Math.max(0, position.free) / 3);
  if (couldGive(account) >= account.refusal.amount) account.refusal = NO_REFUSAL;
  return answer.happened;
}

/** The spare that the lease should have by what is known now. */
export function plannedSpare(account: Account, parts: HolderParts): number {
  const { position, waiters, demand } = account;
  const waiting = waiters.reduce((sum, { amount }) => sum + amount, 0);
  const smallestWaiting = waiters.reduce((least, { amount }) => Math.min(least, amount), Infinity);
  const latest = demand.latest || waiters[0]?.amount || 0;
  const isOver = parts.nowMs() >= account.endsMs;
  return spareFor({
    free: position.free,
    room: roomOf(account),
    holders: holdersOf(account, parts),
    waiting,
    smallestWaiting,
    supply: isOver ? 0 : supplyFor({ ...demand, latest, sum: demand.sum + waiting }),
  });
}

function couldGive(account: Account): number {
  return obtainable({ free: account.position.free, room: roomOf(account) });
}

/** What the limit has left, as far as is known. */
function roomOf({ limit, counter, position }: Account): number {
  return limit - (counter?.committed ?? position.used + position.inFlight);
}

function holdersOf({ counter, position }: Account, { holderId }: HolderParts): number {
  if (!counter) return LEAST_HOLDERS;
  const isCounted = counter.leases.has(holderId) || position.lease !== undefined;
  return Math.max(LEAST_HOLDERS, counter.leases.size + (isCounted ? 0 : 1));
}

function serve(account: Account, nowMs: number): void {
  while (true) {
    const next = account.waiters[0];
    if (!next || !takeInTurn(account, next.amount, nowMs)) return;
    account.waiters.shift();
    next.answer(TAKEN);
  }
}

/** Refuses what the counter cannot give, by what it has just said, and serves who comes behind. */
function refuseHopeless(account: Account, parts: HolderParts): void {
  const heldByOthers = isHeldByOthers(account, parts);
  const kept: Waiter[] = [];
  const nowMs = parts.nowMs();
  for (const waiter of account.waiters) {
    const { amount, answer } = waiter;
    if (kept.length === 0 && takeInTurn(account, amount, nowMs)) answer(TAKEN);
    else if (amount <= couldGive(account)) kept.push(waiter);
    else {
      const untilMs = nowMs + (heldByOthers ? REFUSAL_MS : FINAL_REFUSAL_MS);
      const isFirst = account.refusal.untilMs <= nowMs || amount < account.refusal.amount;
      if (isFirst) account.refusal = { untilMs, amount, heldByOthers };
      answer({ kind: 'exhausted', heldByOthers });
    }
  }
  account.waiters = kept;
}

function isHeldByOthers({ counter }: Account, { holderId }: HolderParts): boolean {
  for (const [id, { amount }] of counter?.leases ?? [])
    if (id !== holderId && amount > 0) return true;
  return false;
}

async function reclaimForWaiters(account: Account, parts: HolderParts): Promise<void> {
  const wanted = Math.min(...account.waiters.map(({ amount }) => amount));
  if (wanted > couldGive(account)) await reclaimSome(account, parts);
}

/** Takes back what holders hold that were not heard of for too long. */
async function reclaimSome(account: Account, { counters, holderId, nowMs }: HolderParts) {
  if (!account.counter) return;
  const dead: Exchange[] = reclaims(account.counter, nowMs(), holderId).slice(0, MAX_RECLAIMS);
  for (const reclaim of dead) {
    // Refused where somebody was faster, or the holder has come back: then it is not ours to take.
    const { counter } = await counters.exchange(account.key, reclaim, account.expiresAtMs);
    account.counter = counter;
  }
}

function fail(account: Account, { nowMs, report }: HolderParts, error: unknown): void {
  const reason = `the quota counters do not answer (${error instanceof Error ? error.name : 'unknown error'})`;
  account.outage = { untilMs: nowMs() + OUTAGE_MS, reason };
  for (const { answer } of drain(account)) answer({ kind: 'unavailable', reason });
  report(error);
}

function drain(account: Account): Waiter[] {
  const waiters = account.waiters;
  account.waiters = [];
  return waiters;
}
