import { type Counter, isJob } from './counter.js';
import { newRecentUse, obtainable, type RecentUse } from './lease-size.js';
import { newPosition, type Position } from './position.js';
import type { QuotaClaim, QuotaUnavailable, QuotaUnit, Reservation } from './quota.js';
import type { CounterKey } from './shards.js';

/** What one request got from one counter. */
export type TakeOutcome = { readonly kind: 'taken' } | Refused;

export type Refused =
  | { readonly kind: 'exhausted'; readonly mayFreeSooner: boolean }
  | QuotaUnavailable;

export interface Waiter {
  readonly amount: number;
  readonly answer: (outcome: TakeOutcome) => void;
}

/** One holder's knowledge of one counter. Changes in place, see `Position`. */
export interface Account {
  readonly key: CounterKey;
  readonly unit: QuotaUnit;
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
  /** Until then, what the counter as it was read cannot give is refused without asking it again. */
  refusesUntilMs: number;
  /** The counter could not be reached, and is not called until then. */
  outage: { readonly untilMs: number; readonly reason: string };
  /** The first amount that had no room, of money: the counter is to know of it, once. */
  refused: { readonly amount: number; isKnown: boolean } | undefined;
  /** Its holder keeps it no longer: another takes its place. */
  isForgotten: boolean;
}

export const TAKEN: TakeOutcome = { kind: 'taken' };

export function newAccount(
  fixed: Pick<Account, 'key' | 'unit' | 'windowName' | 'endsMs' | 'expiresAtMs' | 'limit'>,
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
    refusesUntilMs: 0,
    outage: { untilMs: 0, reason: '' },
    refused: undefined,
    isForgotten: false,
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

/** The most that could be reserved now, as far as is known: what requests in flight return counts at once. */
export function couldGive(account: Account): number {
  return obtainable({ free: account.position.free, room: roomOf(account) });
}

/** What the limit has left, as far as is known. */
export function roomOf({ limit, counter, position }: Account): number {
  return limit - (counter?.committed ?? position.used + position.inFlight);
}

/** What could be reserved now of the counter as it was just read. */
export function leftIn({ limit, position }: Account, { committed }: Counter): number {
  return Math.min(limit, obtainable({ free: position.free, room: limit - committed }));
}

/**
 * What cannot be had now, and whether it could if all that is reserved came back. A request in flight
 * may return most of its money and tokens, but stays a request; a job in progress returns nothing soon.
 */
export function exhausted(account: Account, amount: number, holderId: string): Refused {
  const { unit, limit, counter, position } = account;
  let spent = (counter?.settled ?? 0) + position.used;
  if (unit === 'requests') spent += position.inFlight;
  for (const [id, { inFlight }] of counter?.leases ?? []) {
    if (isJob(id) || (unit === 'requests' && id !== holderId)) spent += inFlight;
  }
  return { kind: 'exhausted', mayFreeSooner: amount <= limit - spent };
}

/** Nothing is left to settle or to note, and no lease to return. */
export function isSettled({ position, waiters, refused }: Account): boolean {
  const { used, inFlight, lease, unanswered } = position;
  const isNoted = refused === undefined || refused.isKnown;
  const owesNothing = isNoted && used === 0 && inFlight === 0 && unanswered.length === 0;
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
