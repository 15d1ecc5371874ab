import { mapBounded } from '../platform/map-bounded.js';
import { type Account, cancel, HeldReservation, isAmount, leftIn, take } from './account.js';
import { type ClaimOutcome, exceedsLimit, knownRefusal, takeFrom } from './claims.js';
import {
  flushAccount,
  type HolderParts,
  isDue,
  isForgettable,
  startTurn,
} from './exchange-turn.js';
import { totalsAt } from './lease-time.js';
import { createMeters, type Meter } from './meter.js';
import type {
  Quota,
  QuotaClaim,
  QuotaHolder,
  QuotaLeft,
  QuotaRefusal,
  QuotaUnavailable,
} from './quota.js';
import type { QuotaCounters } from './quota-counters.aws.js';

export interface QuotaHolderOptions {
  /** Unique for every process, also for one that was copied from another while it ran. */
  readonly holderId: string;
  readonly counters: QuotaCounters;
  /** Milliseconds since 1970, as `Date.now`. */
  readonly nowMs: () => number;
  /** Called for every failed call to the counters, which will be repeated. */
  readonly report?: (error: unknown) => void;
  /** For processes that are never frozen. @default only `flush()` settles */
  readonly flushEverySeconds?: number;
  readonly timers?: Pick<typeof globalThis, 'setInterval' | 'clearInterval'>;
}

const FLUSHES_AT_ONCE = 16;
const CLOSING_FLUSHES = 3;
const READS_AT_ONCE = 16;

export function createQuotaHolder(options: QuotaHolderOptions): QuotaHolder {
  const { holderId, nowMs, flushEverySeconds, timers = globalThis } = options;
  const parts: HolderParts = { report: () => {}, ...options };
  const meters = createMeters(holderId);
  let isClosed = false;
  const timer =
    flushEverySeconds && timers.setInterval(() => void flush(), flushEverySeconds * 1000).unref();

  /** All claims from memory; `undefined` if a lease is exhausted. */
  function reserveFromMemory(claims: readonly QuotaClaim[], at: number) {
    const accounts: Account[] = [];
    for (let index = 0; index < claims.length; index += 1) {
      const { quota, amount } = claims[index] as QuotaClaim;
      const meter = meters.at(quota, at);
      const account = meter.accounts[meter.shard] as Account;
      if (!take(account, amount, at)) {
        for (let taken = 0; taken < index; taken += 1)
          cancel(accounts[taken] as Account, claims[taken]?.amount ?? 0);
        return undefined;
      }
      if (account.position.free < account.lowWater && !account.turn) void startTurn(account, parts);
      accounts.push(account);
    }
    return new HeldReservation(accounts, claims);
  }

  function refuseFromMemory(claims: readonly QuotaClaim[], at: number) {
    for (const claim of claims) {
      const refusal = exceedsLimit(meters.at(claim.quota, at), claim);
      if (refusal) return refusal;
    }
    return lasting(claims.map((one) => knownRefusal(meters.at(one.quota, at), one, parts, at)));
  }

  async function reserveFromCounters(claims: readonly QuotaClaim[], at: number) {
    const asked = claims.map((claim) => ({ claim, meter: meters.at(claim.quota, at) }));
    // A window may end, and be flushed for the last time, while this goes through its shards.
    const accounts = asked.flatMap(({ meter }) => meter.accounts);
    for (const account of accounts) account.users += 1;
    const outcomes = await Promise.all(
      asked.map(({ claim, meter }) => takeFrom(meter, claim, parts)),
    );
    const outcome = reservationOf(claims, outcomes);
    for (const account of accounts) account.users -= 1;
    return outcome;
  }

  async function readLeft(quota: Quota): Promise<QuotaLeft> {
    const { accounts, endsMs } = meters.at(quota, nowMs());
    let left = 0;
    for (const account of accounts) {
      const counter = await parts.counters.read(account.key);
      left += leftIn(account, { ...counter, ...totalsAt(counter, nowMs()) });
    }
    return { quota, left, resetsAt: new Date(endsMs) };
  }

  async function flush(): Promise<void> {
    const purpose = isClosed ? 'give-back' : 'supply';
    const due: Account[] = [];
    for (const account of meters.accounts.values()) {
      if (isDue(account, parts, purpose)) due.push(account);
      else forgetIdle(account);
    }
    await mapBounded(due, FLUSHES_AT_ONCE, async (account) => {
      await flushAccount(account, parts, purpose);
      forgetIdle(account);
    });
  }

  function forgetIdle(account: Account): void {
    if (isForgettable(account, nowMs())) meters.forget(account);
  }

  return {
    reserve(claims) {
      if (isClosed) return { kind: 'unavailable', reason: 'this quota holder is closed' };
      checkAmounts(claims);
      const at = nowMs();
      return (
        reserveFromMemory(claims, at) ??
        refuseFromMemory(claims, at) ??
        reserveFromCounters(claims, at)
      );
    },

    left(quotas) {
      const at = nowMs();
      return quotas.map((quota) => knownLeft(meters.at(quota, at)));
    },

    readLeft: (quotas) => mapBounded(quotas, READS_AT_ONCE, readLeft),

    flush,

    async close() {
      isClosed = true;
      if (timer) timers.clearInterval(timer);
      for (let flushes = 0; flushes < CLOSING_FLUSHES; flushes += 1) await flush();
    },
  };
}

function knownLeft({ accounts }: Meter): number | undefined {
  let left = 0;
  for (const account of accounts) {
    if (!account.counter) return undefined;
    left += leftIn(account, account.counter);
  }
  return left;
}

/** A reservation of all claims, or of none. */
function reservationOf(claims: readonly QuotaClaim[], outcomes: readonly ClaimOutcome[]) {
  const taken = outcomes.map((one) => (one.kind === 'taken' ? one.account : undefined));
  const refusal = lasting(outcomes.map((one) => (one.kind === 'taken' ? undefined : one)));
  if (!refusal) return new HeldReservation(taken as Account[], claims);
  for (const [index, account] of taken.entries())
    if (account) cancel(account, claims[index]?.amount ?? 0);
  return refusal;
}

/** The refusal that lasts longest: a retry after the end of another would be in vain. */
function lasting(refusals: readonly (QuotaRefusal | QuotaUnavailable | undefined)[]) {
  const endMs = (one: QuotaRefusal | QuotaUnavailable) =>
    one.kind === 'exhausted' && !one.mayFreeSooner ? one.resetsAt.getTime() : 0;
  let last: QuotaRefusal | QuotaUnavailable | undefined;
  for (const one of refusals) if (one && (!last || endMs(one) > endMs(last))) last = one;
  return last;
}

function checkAmounts(claims: readonly QuotaClaim[]): void {
  for (const { amount } of claims) {
    if (!isAmount(amount))
      throw new RangeError(
        `invalid amount ${amount} of a quota claim: allowed are whole numbers from 0 to 2^53 - 1`,
      );
  }
}
