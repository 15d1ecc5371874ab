import { DAY_MS } from '../platform/utc-day.js';
import { type Account, newAccount } from './account.js';
import type { Quota, QuotaWindow } from './quota.js';
import { windowEnd, windowName, windowStart } from './quota-window.js';
import { counterKey, preferredShard, shardLimit } from './shards.js';

/** The accounts of a quota's current window. */
export interface Meter {
  readonly quota: Quota;
  startsMs: number;
  endsMs: number;
  /** One for each shard. */
  accounts: readonly Account[];
  /** The shard in use. */
  shard: number;
}

/** How long an item is kept after its window, for the spend monitor and late settlements. */
export const KEPT_MS: Readonly<Record<QuotaWindow, number>> = {
  minute: 2 * DAY_MS,
  hour: 40 * DAY_MS,
  day: 100 * DAY_MS,
  month: 400 * DAY_MS,
};

/** The meters of one holder. Equal quotas share their accounts. */
export interface Meters {
  /** Those with something to settle, to return or to remember. */
  readonly accounts: ReadonlyMap<string, Account>;
  /** The meter of a quota, in the window that `nowMs` falls into. */
  at(quota: Quota, nowMs: number): Meter;
  forget(account: Account): void;
}

export function createMeters(holderId: string): Meters {
  // By object: a string built for every request would cost more than all the rest.
  const meters = new WeakMap<Quota, Meter>();
  const accounts = new Map<string, Account>();

  function accountsIn(quota: Quota, at: Date): Account[] {
    const name = windowName(quota.window, at);
    const endsMs = windowEnd(quota.window, at).getTime();
    return Array.from({ length: quota.shards ?? 1 }, (_, shard) => {
      const key = counterKey(quota, name, shard);
      const limit = shardLimit(quota, shard);
      const known = accounts.get(nameOf(key));
      if (known) {
        known.limit = limit;
        return known;
      }
      const expiresAtMs = endsMs + KEPT_MS[quota.window];
      const { unit } = quota;
      const fixed = { key, unit, windowName: name, endsMs, expiresAtMs, limit };
      const account = newAccount(fixed, at.getTime());
      accounts.set(nameOf(key), account);
      return account;
    });
  }

  function turnTo(meter: Meter, nowMs: number): void {
    const at = new Date(nowMs);
    meter.startsMs = windowStart(meter.quota.window, at).getTime();
    meter.endsMs = windowEnd(meter.quota.window, at).getTime();
    meter.accounts = accountsIn(meter.quota, at);
    meter.shard = preferredShard(holderId, meter.accounts.length);
  }

  return {
    accounts,

    at(quota, nowMs) {
      let meter = meters.get(quota);
      if (!meter) {
        meter = { quota, startsMs: 0, endsMs: 0, accounts: [], shard: 0 };
        meters.set(quota, meter);
      }
      const isCurrent = nowMs < meter.endsMs && nowMs >= meter.startsMs;
      if (!isCurrent || hasForgotten(meter)) turnTo(meter, nowMs);
      return meter;
    },

    forget(account) {
      account.isForgotten = true;
      account.counter = undefined; // meters that are not used again may keep the rest
      accounts.delete(nameOf(account.key));
    },
  };
}

/** Equal quotas share accounts, so another meter may hold one that was forgotten. */
function hasForgotten({ accounts }: Meter): boolean {
  for (let shard = 0; shard < accounts.length; shard += 1)
    if ((accounts[shard] as Account).isForgotten) return true;
  return false;
}

function nameOf({ pk, sk }: Account['key']): string {
  return `${pk} ${sk}`;
}
