import { percentOf } from '../platform/wording.js';
import {
  type Counter,
  type Exchange,
  isJob,
  isSameLease,
  jobHolder,
  type Lease,
} from './counter.js';
import { reclaims, totalsAt } from './lease-time.js';
import { KEPT_MS } from './meter.js';
import type { QuotaClaim, QuotaRefusal, QuotaTooSmall, QuotaUnit } from './quota.js';
import type { QuotaCounters } from './quota-counters.aws.js';
import { windowEnd, windowName } from './quota-window.js';
import { type CounterKey, counterKey, shardLimit } from './shards.js';

// A batch job ends hours after the process that created it. What it may use is a lease of its own in
// each counter, which lasts until the job must have ended: the counter is written by the same
// conditional exchanges as for every other holder, so all promises of leases hold for it, too.

/** A counter in which a job may have a lease. */
export interface JobPlace extends Pick<CounterKey, 'pk' | 'sk'> {
  readonly expiresAtMs: number;
}

/** What a job has leased of one counter. */
export interface JobPart extends JobPlace {
  readonly unit: QuotaUnit;
  readonly amount: number;
}

export interface JobReserved {
  readonly kind: 'reserved';
  /** For each claim, the parts that add up to it. */
  readonly parts: readonly (readonly JobPart[])[];
}

/** A job that takes leases. */
export interface JobLeaseHolder {
  readonly id: string;
  /** The end of its leases. What is not settled by then counts as used in full. */
  readonly untilMs: number;
}

export type JobOutcome = JobReserved | QuotaRefusal | QuotaTooSmall;

type Counters = Pick<QuotaCounters, 'read' | 'exchange'>;

interface Shard extends JobPart {
  readonly key: CounterKey;
  readonly limit: number;
}

const MAX_EXCHANGES = 8;

/** All counters in which the claims of a job count, in the windows of an instant. */
export function placesOf(claims: readonly QuotaClaim[], at: Date): JobPlace[] {
  return claims.flatMap((claim) =>
    shardsOf(claim, at).map(({ pk, sk, expiresAtMs }) => ({ pk, sk, expiresAtMs })),
  );
}

/**
 * Leases all claims of a job, or none. Throws where a counter does not answer: then leases may be there,
 * or come later.
 */
export async function reserveJob(
  counters: Counters,
  holder: JobLeaseHolder,
  claims: readonly QuotaClaim[],
  now: Date,
): Promise<JobOutcome> {
  for (const claim of claims) {
    const { quota, amount } = claim;
    if (amount > quota.limit) {
      const window = windowName(quota.window, now);
      return { kind: 'too-large', quota, windowName: window, amount, largest: quota.limit };
    }
  }
  const parts: JobPart[][] = [];
  for (const claim of claims) {
    const taken = await leaseClaim(counters, holder, claim, now);
    parts.push(taken.parts);
    if (taken.refusal) {
      await freeJob(counters, holder.id, parts.flat());
      return taken.refusal;
    }
  }
  return { kind: 'reserved', parts };
}

/** Returns what a job has leased, as if it had never been created. Safe to repeat. */
export async function freeJob(
  counters: Counters,
  jobId: string,
  places: readonly JobPlace[],
): Promise<void> {
  const holderId = jobHolder(jobId);
  for (const { expiresAtMs, ...key } of places) {
    const lease = (await counters.read(key)).leases.get(holderId);
    if (lease) await end(counters, key, { holderId, before: lease, settle: 0 }, expiresAtMs);
  }
}

/**
 * Books what a job used in the windows in which it was reserved, and frees the rest. Safe to repeat with
 * the same amounts: a lease ends once.
 */
export async function settleJob(
  counters: Counters,
  { id, untilMs }: JobLeaseHolder,
  parts: JobReserved['parts'],
  usedOf: (unit: QuotaUnit) => number,
): Promise<void> {
  const holderId = jobHolder(id);
  for (const ofClaim of parts) {
    let rest = ofClaim[0] ? usedOf(ofClaim[0].unit) : 0;
    for (const [at, { amount, unit: _, expiresAtMs, ...key }] of ofClaim.entries()) {
      // What was used beyond the reservation is booked, too.
      const settle = at === ofClaim.length - 1 ? rest : Math.min(rest, amount);
      rest -= settle;
      const before = leaseOf(amount, untilMs);
      await end(counters, key, { holderId, before, settle }, expiresAtMs);
    }
  }
}

async function end(
  counters: Counters,
  key: CounterKey,
  exchange: Omit<Exchange, 'after'>,
  expiresAtMs: number,
): Promise<void> {
  const { holderId, before, settle } = exchange;
  const ended = await counters.exchange(key, { ...exchange, after: undefined }, expiresAtMs);
  if (ended.happened) return;
  const found = ended.counter.leases.get(holderId);
  if (!found || !before) return; // an earlier attempt ended it
  // Its end had come, and another holder booked all of it: a minute later that could not be known.
  const wasReclaimed = found.amount === 0 && before.amount > 0;
  if (!wasReclaimed) throw new Error('the lease of a job is not the one that is known');
  const corrected = { holderId, before: found, after: undefined, settle: settle - before.inFlight };
  await counters.exchange(key, corrected, expiresAtMs);
}

function shardsOf({ quota, amount }: QuotaClaim, at: Date): Shard[] {
  const name = windowName(quota.window, at);
  const expiresAtMs = windowEnd(quota.window, at).getTime() + KEPT_MS[quota.window];
  return Array.from({ length: quota.shards ?? 1 }, (_, shard) => {
    const key = counterKey(quota, name, shard);
    const limit = shardLimit(quota, shard);
    return { pk: key.pk, sk: key.sk, key, limit, unit: quota.unit, amount, expiresAtMs };
  });
}

/** What the shards have left, the fullest last. */
async function leaseClaim(
  counters: Counters,
  holder: JobLeaseHolder,
  claim: QuotaClaim,
  now: Date,
): Promise<{ readonly parts: JobPart[]; readonly refusal?: QuotaRefusal }> {
  const parts: JobPart[] = [];
  if (claim.amount === 0) return { parts };
  const shards: { readonly shard: Shard; readonly counter: Counter; readonly room: number }[] = [];
  for (const shard of shardsOf(claim, now)) {
    const counter = await counters.read(shard.key);
    const room = shard.limit - totalsAt(counter, now.getTime()).committed;
    shards.push({ shard, counter, room });
  }
  shards.sort((one, other) => other.room - one.room);
  let rest = claim.amount;
  let spent = 0;
  for (const { shard, counter } of shards) {
    const taken = await leaseShard(counters, holder, { ...shard, amount: rest }, counter, now);
    spent += spentIn(taken.counter, holder);
    if (taken.amount > 0) {
      const { pk, sk, expiresAtMs, unit } = shard;
      parts.push({ pk, sk, expiresAtMs, unit, amount: taken.amount });
    }
    rest -= taken.amount;
  }
  return rest === 0 ? { parts } : { parts, refusal: refusalOf(claim, spent, now) };
}

/** As much of the amount as one counter has left. */
async function leaseShard(
  counters: Counters,
  holder: JobLeaseHolder,
  { key, limit, amount: wanted, expiresAtMs }: Shard,
  read: Counter,
  now: Date,
): Promise<{ readonly amount: number; readonly counter: Counter }> {
  const holderId = jobHolder(holder.id);
  let counter = read;
  if (wanted === 0) return { amount: 0, counter };
  for (const reclaim of reclaims(counter, now.getTime(), holderId)) {
    if (wanted <= limit - counter.committed) break;
    counter = (await counters.exchange(key, reclaim, expiresAtMs)).counter;
  }
  for (let attempts = 0; attempts < MAX_EXCHANGES; attempts += 1) {
    const amount = Math.min(wanted, limit - counter.committed);
    if (amount <= 0) break;
    const after = leaseOf(amount, holder.untilMs);
    const exchange = { holderId, before: undefined, after, settle: 0, limit };
    const answer = await counters.exchange(key, exchange, expiresAtMs);
    counter = answer.counter;
    const found = counter.leases.get(holderId);
    if (answer.happened || isSameLease(found, after)) return { amount, counter };
    if (found) throw new Error('another process leases for the same job');
  }
  return { amount: 0, counter };
}

function leaseOf(amount: number, until: number): Lease {
  return { amount, inFlight: amount, until, sequence: 1 };
}

/** What does not come back within seconds. */
function spentIn({ settled, leases }: Counter, { id }: JobLeaseHolder): number {
  let spent = settled;
  for (const [holderId, { inFlight }] of leases) {
    if (isJob(holderId) && holderId !== jobHolder(id)) spent += inFlight;
  }
  return spent;
}

function refusalOf({ quota, amount }: QuotaClaim, spent: number, now: Date): QuotaRefusal {
  return {
    kind: 'exhausted',
    quota,
    windowName: windowName(quota.window, now),
    resetsAt: windowEnd(quota.window, now),
    mayFreeSooner: amount <= quota.limit - spent,
    amount,
    spentPercent: percentOf(spent, quota.limit),
  };
}
