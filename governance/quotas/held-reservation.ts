import { type Account, putBack } from './account.js';
import type { QuotaClaim, Reservation } from './quota.js';

/** A class, since its methods then cost nothing to create: there is one for every request. */
export class HeldReservation implements Reservation {
  readonly kind = 'reserved';
  private isOpen = true;

  constructor(
    private readonly accounts: readonly Account[],
    private readonly claims: readonly QuotaClaim[],
  ) {
    for (let at = 0; at < accounts.length; at += 1) (accounts[at] as Account).users += 1;
  }

  settle(used: readonly number[]): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (let at = 0; at < this.accounts.length; at += 1) {
      const reserved = this.claims[at]?.amount ?? 0;
      // What nobody can tell counts in full: the reservation was its upper bound.
      const amount = used[at];
      this.#end(at, reserved, isAmount(amount) ? amount : reserved);
    }
  }

  release(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (let at = 0; at < this.accounts.length; at += 1)
      this.#end(at, this.claims[at]?.amount ?? 0, 0);
  }

  #end(at: number, reserved: number, used: number): void {
    const account = this.accounts[at] as Account;
    putBack(account, reserved, used);
    account.users -= 1;
  }
}

/** A whole number that adds up exactly. */
export function isAmount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
