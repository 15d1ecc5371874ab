import { percentOf } from '../platform/wording.js';
import {
  type Account,
  couldGive,
  exhausted,
  type Refused,
  TAKEN,
  type TakeOutcome,
  take,
} from './account.js';
import { type HolderParts, startTurn } from './exchange-turn.js';
import type { Meter } from './meter.js';
import {
  isMoney,
  type QuotaClaim,
  type QuotaRefusal,
  type QuotaTooSmall,
  type QuotaUnavailable,
} from './quota.js';
import { shardLimit } from './shards.js';

/** What a claim got: a part of an account, or the reason why not. */
export type ClaimOutcome =
  | { readonly kind: 'taken'; readonly account: Account }
  | QuotaRefusal
  | QuotaUnavailable;

/** Takes a claim from one of the meter's shards, waiting for its counter if the lease is exhausted. */
export async function takeFrom(
  meter: Meter,
  claim: QuotaClaim,
  parts: HolderParts,
): Promise<ClaimOutcome> {
  const { accounts } = meter;
  const refused: Refused[] = [];
  for (let turn = 0; turn < accounts.length; turn += 1) {
    const shard = (meter.shard + turn) % accounts.length;
    const account = accounts[shard] as Account;
    const outcome = await takeOrWait(account, claim.amount, parts);
    if (outcome.kind === 'taken') {
      if (meter.accounts === accounts) meter.shard = shard;
      return { kind: 'taken', account };
    }
    refused.push(outcome);
  }
  return refusalOf(claim, accounts, refused);
}

/** Whether an amount is more than a whole shard, so that it never fits. */
export function exceedsLimit(
  meter: Meter,
  { quota, amount }: QuotaClaim,
): QuotaTooSmall | undefined {
  const largest = shardLimit(quota, 0); // the largest part
  if (amount <= largest) return undefined;
  const { windowName } = meter.accounts[0] as Account;
  return { kind: 'too-large', quota, windowName, amount, largest };
}

/** Why a claim cannot be had, as far as is known without asking a counter. */
export function knownRefusal(
  { accounts }: Meter,
  claim: QuotaClaim,
  parts: HolderParts,
  nowMs: number,
): QuotaRefusal | QuotaUnavailable | undefined {
  const refused: Refused[] = [];
  for (const account of accounts) {
    const outcome = knownOutcome(account, claim.amount, parts, nowMs);
    if (!outcome) return undefined;
    refused.push(outcome);
  }
  return refusalOf(claim, accounts, refused);
}

function takeOrWait(
  account: Account,
  amount: number,
  parts: HolderParts,
): TakeOutcome | Promise<TakeOutcome> {
  const nowMs = parts.nowMs();
  if (take(account, amount, nowMs)) return TAKEN;
  const known = knownOutcome(account, amount, parts, nowMs);
  if (known) return known;
  return new Promise((answer) => {
    account.waiters.push({ amount, answer });
    void startTurn(account, parts);
  });
}

function knownOutcome(
  account: Account,
  amount: number,
  { holderId }: HolderParts,
  nowMs: number,
): Refused | undefined {
  const { limit, position, outage } = account;
  if (amount > limit) return { kind: 'exhausted', mayFreeSooner: false };
  if (position.free >= amount && nowMs < position.fenceMs) return undefined;
  if (nowMs < outage.untilMs) return { kind: 'unavailable', reason: outage.reason };
  if (nowMs < account.refusesUntilMs && amount > couldGive(account))
    return exhausted(account, amount, holderId);
  return undefined;
}

/** What is used of all shards, as far as is known. */
function spentIn(accounts: readonly Account[]): number {
  let spent = 0;
  for (const { counter, position } of accounts) spent += (counter?.settled ?? 0) + position.used;
  return spent;
}

/** One refusal for all shards. A counter that does not answer is a better reason than an empty one. */
function refusalOf(
  { quota, amount }: QuotaClaim,
  accounts: readonly Account[],
  refused: readonly Refused[],
): QuotaRefusal | QuotaUnavailable {
  for (const outcome of refused) if (outcome.kind === 'unavailable') return outcome;
  const { windowName, endsMs } = accounts[0] as Account;
  const mayFreeSooner = refused.some((one) => one.kind === 'exhausted' && one.mayFreeSooner);
  const first = accounts[0] as Account;
  if (isMoney(quota) && !mayFreeSooner) first.refused ??= { amount, isKnown: false };
  const spentPercent = percentOf(spentIn(accounts), quota.limit);
  const resetsAt = new Date(endsMs);
  return { kind: 'exhausted', quota, windowName, resetsAt, mayFreeSooner, amount, spentPercent };
}
