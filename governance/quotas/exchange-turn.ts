import {
  type Account,
  couldGive,
  exhausted,
  isSettled,
  roomOf,
  TAKEN,
  takeInTurn,
  type Waiter,
} from './account.js';
import { type Exchange, isJob } from './counter.js';
import { rollUse, spareFor, supplyFor } from './lease-size.js';
import { CLOCK_MARGIN_MS, LEASE_MS, reclaims } from './lease-time.js';
import { confirm, doubt, mayYetArrive, propose, reconcile } from './position.js';
import type { QuotaCounters } from './quota-counters.aws.js';

export interface HolderParts {
  readonly holderId: string;
  readonly counters: QuotaCounters;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Called for every failed call to the counters, which will be repeated. */
  readonly report: (error: unknown) => void;
}

const MAX_EXCHANGES = 12;
const MAX_RECLAIMS = 4;
/** At the start of a window, most of the holders that will share it have not come yet. */
const LEAST_HOLDERS = 8;
const REFUSAL_MS = 1_000;
/** No other holder has a lease, so only this one's requests or a higher limit could free something. */
const FINAL_REFUSAL_MS = 10_000;
const OUTAGE_MS = 200;

/** The purpose of a turn: a supply for the next requests, or to return everything. */
export type Purpose = 'supply' | 'give-back';

/** Settles, renews and returns in one exchange, if there is anything to write. */
export async function flushAccount(
  account: Account,
  parts: HolderParts,
  purpose: Purpose,
): Promise<void> {
  // A turn in progress may have started before the last request was settled.
  await account.turn;
  if (isDue(account, parts, purpose)) await startTurn(account, parts, purpose);
}

/** Whether a flush has anything to write, or to wait for. */
export function isDue(account: Account, parts: HolderParts, purpose: Purpose): boolean {
  if (account.turn) return true;
  return purpose === 'give-back' ? !isSettled(account) : hasNews(account, parts);
}

/**
 * Nothing is lost with it: its window is over, even if a fast clock is corrected, or the counter knows
 * all of it, and no refusal is remembered. The next request makes a new account.
 */
export function isForgettable(account: Account, nowMs: number): boolean {
  if (account.users > 0 || account.turn || !isSettled(account)) return false;
  if (nowMs > account.endsMs + 2 * CLOCK_MARGIN_MS) return true;
  const { position, refusesUntilMs, outage } = account;
  if (position.lease || mayYetArrive(position, nowMs)) return false;
  return nowMs >= refusesUntilMs && nowMs >= outage.untilMs;
}

function hasNews(account: Account, parts: HolderParts): boolean {
  const { position, recent } = account;
  const { lease, used, inFlight, unanswered, free } = position;
  const nowMs = parts.nowMs();
  rollUse(recent, nowMs);
  if (used !== 0 || unanswered.length > 0 || account.refused?.isKnown === false) return true;
  if (!lease) return false;
  // It was emptied and not removed: here because of a lost answer, or by others after its end.
  if (lease.amount === 0) return inFlight !== 0 || !mayYetArrive(position, nowMs);
  if (inFlight !== lease.inFlight) return true;
  if (inFlight > 0 && nowMs > lease.until - LEASE_MS / 2) return true;
  // Twice as much, or slowly falling use would cost a write every second.
  return free > 2 * plannedSpare(account, parts);
}

/** Starts exchanging with the counter, or joins the turn in progress. Never rejects. */
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
    // Other holders were faster every time, and hold what this one needs.
    for (const { answer } of drain(account)) answer({ kind: 'exhausted', mayFreeSooner: true });
    await reclaimSome(account, parts);
  } catch (error) {
    fail(account, parts, error);
  }
}

/** One exchange; whether it happened. */
async function exchangeOnce(account: Account, parts: HolderParts, purpose: Purpose) {
  const { position, key, limit, expiresAtMs } = account;
  const { holderId, counters, nowMs } = parts;
  rollUse(account.recent, nowMs());
  const spare = purpose === 'supply' ? plannedSpare(account, parts) : 0;
  const exchange = propose(position, holderId, { spare, nowMs: nowMs(), limit });
  const { refused } = account;
  const toNote = refused?.isKnown === false ? { ...exchange, refused: refused.amount } : exchange;
  const answer = await counters.exchange(key, toNote, expiresAtMs).catch((error) => {
    doubt(position, nowMs());
    throw error;
  });
  if (answer.wasRepeated) doubt(position, nowMs());
  account.counter = answer.counter;
  account.outage = { untilMs: 0, reason: '' };
  if (answer.happened) {
    confirm(position);
    if (refused) refused.isKnown = true;
  } else {
    const found = answer.counter.leases.get(holderId);
    reconcile(position, found, { nowMs: nowMs(), mayYetArrive: answer.wasRepeated });
  }
  account.lowWater = Math.floor(Math.max(0, position.free) / 3);
  account.refusesUntilMs = Math.min(account.refusesUntilMs, refusesUntil(account, parts));
  return answer.happened;
}

/** The spare that the lease should have, as far as is known. */
function plannedSpare(account: Account, parts: HolderParts): number {
  const { position, waiters, recent } = account;
  const waiting = waiters.reduce((sum, { amount }) => sum + amount, 0);
  const smallestWaiting = waiters.reduce((least, { amount }) => Math.min(least, amount), Infinity);
  const latest = recent.latest || waiters[0]?.amount || 0;
  const isOver = parts.nowMs() >= account.endsMs;
  return spareFor({
    free: position.free,
    room: roomOf(account),
    holders: holdersOf(account, parts),
    waiting,
    smallestWaiting,
    supply: isOver ? 0 : supplyFor({ ...recent, latest, sum: recent.sum + waiting }),
  });
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

/** Rejects what the counter, as just read, cannot give, and serves the requests behind. */
function refuseHopeless(account: Account, parts: HolderParts): void {
  const kept: Waiter[] = [];
  const nowMs = parts.nowMs();
  for (const waiter of account.waiters) {
    const { amount, answer } = waiter;
    if (kept.length === 0 && takeInTurn(account, amount, nowMs)) answer(TAKEN);
    else if (amount <= couldGive(account)) kept.push(waiter);
    else {
      account.refusesUntilMs = refusesUntil(account, parts);
      answer(exhausted(account, amount, parts.holderId));
    }
  }
  account.waiters = kept;
}

function refusesUntil({ counter }: Account, { holderId, nowMs }: HolderParts): number {
  for (const [id, { amount }] of counter?.leases ?? [])
    if (id !== holderId && amount > 0 && !isJob(id)) return nowMs() + REFUSAL_MS;
  return nowMs() + FINAL_REFUSAL_MS;
}

async function reclaimForWaiters(account: Account, parts: HolderParts): Promise<void> {
  const wanted = Math.min(...account.waiters.map(({ amount }) => amount));
  if (wanted > couldGive(account)) await reclaimSome(account, parts);
}

/** Reclaims leases of holders that have not renewed them in time. */
async function reclaimSome(account: Account, { counters, holderId, nowMs }: HolderParts) {
  if (!account.counter) return;
  const dead: Exchange[] = reclaims(account.counter, nowMs(), holderId).slice(0, MAX_RECLAIMS);
  for (const reclaim of dead) {
    // It does not happen where another holder was faster, or the lease's holder is back.
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
