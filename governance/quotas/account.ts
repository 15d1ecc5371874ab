import type { Counter } from './counter.js';
import { type Demand, newDemand } from './lease-size.js';
import { newPosition, type Position } from './position.js';
import type { CounterKey } from './shards.js';

/** What became of one request's wish for one counter. */
export type AskOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'exhausted'; readonly heldByOthers: boolean }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface Waiter {
  readonly amount: number;
  readonly answer: (outcome: AskOutcome) => void;
}

/** All that one holder knows of one counter. Changes in place, see `Position`. */
export interface Account {
  readonly key: CounterKey;
  readonly windowName: string;
  /** The end of its window. */
  readonly endsMs: number;
  /** When its item may be thrown away. */
  readonly expiresAtMs: number;
  /** The policy may change it while the window lasts. */
  limit: number;
  readonly position: Position;
  /** Requests that hold something of it, or may yet: it must be flushed for as long as there are. */
  users: number;
  readonly demand: Demand;
  /** Below that much spare, more is fetched before somebody has to wait for it. */
  lowWater: number;
  /** Requests that wait for spare, in the order in which they came. */
  waiters: Waiter[];
  /** The exchanges under way: one after the other. */
  turn: Promise<void> | undefined;
  counter: Counter | undefined;
  /** Until then, so much or more is refused without asking the counter again. */
  refusal: { readonly untilMs: number; readonly amount: number; readonly heldByOthers: boolean };
  /** The counter cannot be reached, and is left in peace until then. */
  outage: { readonly untilMs: number; readonly reason: string };
}

export const NO_REFUSAL = { untilMs: 0, amount: Infinity, heldByOthers: false };
export const TAKEN: AskOutcome = { kind: 'taken' };

export function newAccount(
  fixed: Pick<Account, 'key' | 'windowName' | 'endsMs' | 'expiresAtMs' | 'limit'>,
  nowMs: number,
): Account {
  return {
    ...fixed,
    position: newPosition(),
    users: 0,
    demand: newDemand(nowMs),
    lowWater: 0,
    waiters: [],
    turn: undefined,
    counter: undefined,
    refusal: NO_REFUSAL,
    outage: { untilMs: 0, reason: '' },
  };
}

/** Reserves from the lease; nobody overtakes those who wait. */
export function take(account: Account, amount: number, nowMs: number): boolean {
  if (account.waiters.length > 0 && amount > 0) return false;
  return takeInTurn(account, amount, nowMs);
}

export function takeInTurn({ position, demand }: Account, amount: number, nowMs: number): boolean {
  if (amount === 0) return true;
  if (position.free < amount || nowMs >= position.fenceMs) return false;
  position.free -= amount;
  position.inFlight += amount;
  demand.sum += amount;
  demand.latest = amount;
  return true;
}

/** Books what was used of a reservation, and the rest is free again. */
export function putBack({ position }: Account, reserved: number, used: number): void {
  position.inFlight -= reserved;
  position.used += used;
  position.free += reserved - used;
}

/** Takes back what was reserved for a request that was refused elsewhere: nobody asked for it. */
export function unask(account: Account, amount: number): void {
  putBack(account, amount, 0);
  account.demand.sum = Math.max(0, account.demand.sum - amount);
}

/** Nothing is left to settle, and no lease to give back. */
export function isSettled({ position, waiters }: Account): boolean {
  const { used, inFlight, lease, unanswered } = position;
  const owesNothing = used === 0 && inFlight === 0 && unanswered.length === 0;
  return owesNothing && waiters.length === 0 && (lease?.amount ?? 0) === 0;
}
