import { type Account, TAKEN, type TakeOutcome, take } from './account.js';
import { type HolderParts, startTurn } from './exchange-turn.js';
import type { Meter } from './meter.js';
import type { QuotaClaim, QuotaTooSmall } from './quota.js';
import { shardLimit } from './shards.js';

export interface MeterAnswer {
  readonly outcome: TakeOutcome;
  /** The shard that the amount was taken from, or the last one that had none. */
  readonly account: Account;
}

/** Takes from one of the meter's shards, waiting for its counter if the lease is exhausted. */
export async function askMeter(
  meter: Meter,
  amount: number,
  parts: HolderParts,
): Promise<MeterAnswer> {
  const { accounts } = meter;
  let answer: MeterAnswer | undefined;
  let heldByOthers = false;
  for (let turn = 0; turn < accounts.length; turn += 1) {
    const shard = (meter.shard + turn) % accounts.length;
    const account = accounts[shard] as Account;
    const outcome = await ask(account, amount, parts);
    if (outcome.kind === 'taken') {
      if (meter.accounts === accounts) meter.shard = shard;
      return { outcome, account };
    }
    if (outcome.kind === 'exhausted') heldByOthers ||= outcome.heldByOthers;
    // A counter that does not answer is a better reason than an empty one.
    if (answer?.outcome.kind !== 'unavailable') answer = { outcome, account };
  }
  const { outcome, account } = answer as MeterAnswer;
  return {
    account,
    outcome: outcome.kind === 'exhausted' ? { ...outcome, heldByOthers } : outcome,
  };
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

/** Why an amount is not available, as far as is known without asking a counter. */
export function refusalAtOnce(
  meter: Meter,
  amount: number,
  nowMs: number,
): MeterAnswer | undefined {
  let answer: MeterAnswer | undefined;
  for (const account of meter.accounts) {
    const outcome = knownOutcome(account, amount, nowMs);
    if (!outcome) return undefined;
    if (answer?.outcome.kind !== 'unavailable') answer = { outcome, account };
  }
  return answer;
}

function ask(
  account: Account,
  amount: number,
  parts: HolderParts,
): TakeOutcome | Promise<TakeOutcome> {
  const nowMs = parts.nowMs();
  if (take(account, amount, nowMs)) return TAKEN;
  const known = knownOutcome(account, amount, nowMs);
  if (known) return known;
  return new Promise((answer) => {
    account.waiters.push({ amount, answer });
    void startTurn(account, parts);
  });
}

function knownOutcome(account: Account, amount: number, nowMs: number): TakeOutcome | undefined {
  const { limit, position, refusal, outage } = account;
  if (amount > limit) return { kind: 'exhausted', heldByOthers: false };
  if (position.free >= amount && nowMs < position.fenceMs) return undefined;
  if (nowMs < outage.untilMs) return { kind: 'unavailable', reason: outage.reason };
  if (nowMs < refusal.untilMs && amount >= refusal.amount)
    return { kind: 'exhausted', heldByOthers: refusal.heldByOthers };
  return undefined;
}
