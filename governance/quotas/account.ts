import type { Counter } from './counter.js';
import { newRecentUse, type RecentUse } from './lease-size.js';
import { newPosition, type Position } from './position.js';
import type { QuotaClaim, QuotaUnavailable, Reservation } from './quota.js';
import type { CounterKey } from './shards.js';

/** What one request got from one counter. */
export type TakeOutcome = { readonly kind: 'taken' } | Refused;

export type Refused =
  | { readonly kind: 'exhausted'; readonly heldByOthers: boolean }
  | QuotaUnavailable;

export interface Waiter {
  readonly amount: number;
  readonly answer: (outcome: TakeOutcome) => void;
}

/** One holder's knowledge of one counter. Changes in place, see `Position`. */
export interface Account {
  readonly key: CounterKey;
  readonly windowName: string;
  /** The end of its window. */
  readonly endsMs: number;
  /** When its item may be deleted. */
  readonly expiresAtMs: number;
  /** The policy may change it during the window. */
  limit: number;
  readonly position: Position;
  /** Requests that hold a part of it, or may soon: until there are none it must be flushed. */
  users: number;
  readonly recent: RecentUse;
  /** Below this spare, more is fetched before a request has to wait for it. */
  lowWater: number;
  /** Requests that wait for spare, in the order in which they arrived. */
  waiters: Waiter[];
  /** The exchanges in progress, one after the other. */
  turn: Promise<void> | undefined;
  counter: Counter | undefined;
  /** Until then, this amount or more is refused without asking the counter again. */
  refusal: { readonly untilMs: number; readonly amount: number; readonly heldByOthers: boolean };
  /** The counter could not be reached, and is not called until then. */
  outage: { readonly untilMs: number; readonly reason: string };
}

export const NO_REFUSAL = { untilMs: 0, amount: Infinity, heldByOthers: false };
export const TAKEN: TakeOutcome = { kind: 'taken' };

export function newAccount(
  fixed: Pick<Account, 'key' | 'windowName' | 'endsMs' | 'expiresAtMs' | 'limit'>,
  nowMs: number,
): Account {
  return {
    ...fixed,
    position: newPosition(),
    users: 0,
    recent: newRecentUse(nowMs),
    lowWater: 0,
    waiters: [],
    turn: undefined,
    counter: undefined,
    refusal: NO_REFUSAL,
    outage: { untilMs: 0, reason: '' },
  };
}

/** Reserves from the lease, behind the requests that wait. */
export function take(account: Account, amount: number, nowMs: number): boolean {
  if (account.waiters.length > 0 && amount > 0) return false;
  return takeInTurn(account, amount, nowMs);
}

export function takeInTurn({ position, recent }: Account, amount: number, nowMs: number): boolean {
  if (amount === 0) return true;
  if (position.free < amount || nowMs >= position.fenceMs) return false;
  position.free -= amount;
  position.inFlight += amount;
  recent.sum += amount;
  recent.latest = amount;
  return true;
}

/** Books what was used of a reservation, and frees the rest. */
export function settle({ position }: Account, reserved: number, used: number): void {
  position.inFlight -= reserved;
  position.used += used;
  position.free += reserved - used;
}

/** Frees what was reserved for a request that another quota refused, as if it had never been made. */
export function cancel(account: Account, amount: number): void {
  settle(account, amount, 0);
  account.recent.sum = Math.max(0, account.recent.sum - amount);
}

/** Nothing is left to settle, and no lease to return. */
export function isSettled({ position, waiters }: Account): boolean {
  const { used, inFlight, lease, unanswered } = position;
  const owesNothing = used === 0 && inFlight === 0 && unanswered.length === 0;
  return owesNothing && waiters.length === 0 && (lease?.amount ?? 0) === 0;
}

/** A class, since there is one for every request and methods of a class cost nothing to create. */
export class HeldReservation implements Reservation {
  readonly kind = 'reserved';
  #isOpen = true;

  constructor(
    private readonly accounts: readonly Account[],
    private readonly claims: readonly QuotaClaim[],
  ) {
    for (let at = 0; at < accounts.length; at += 1) (accounts[at] as Account).users += 1;
  }

  settle(used: readonly number[]): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (let at = 0; at < this.accounts.length; at += 1) {
      const reserved = this.claims[at]?.amount ?? 0;
      // An unknown amount counts in full: the reservation was its upper bound.
      const amount = used[at];
      this.#end(at, reserved, isAmount(amount) ? amount : reserved);
    }
  }

  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (let at = 0; at < this.accounts.length; at += 1)
      this.#end(at, this.claims[at]?.amount ?? 0, 0);
  }

  #end(at: number, reserved: number, used: number): void {
    const account = this.accounts[at] as Account;
    settle(account, reserved, used);
    account.users -= 1;
  }
}

/** A whole number that adds up exactly. */
export function isAmount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
