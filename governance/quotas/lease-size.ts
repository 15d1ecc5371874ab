/** How fast a holder uses a quota, from what it was asked for lately. */
export interface Demand {
  /** Asked for since `sinceMs`. */
  sum: number;
  /** The latest amount that was asked for. */
  latest: number;
  sinceMs: number;
  perSecond: number;
}

/** What is known about a counter and wanted from it, for the size of the next lease. */
export interface LeaseNeed {
  /** Spare in the lease now; below zero where more was used than leased. */
  readonly free: number;
  /** What the limit has left beside that. */
  readonly room: number;
  /** How many holders share what is left, this one included. */
  readonly holders: number;
  /** All that requests wait for, and the smallest of it. */
  readonly waiting: number;
  readonly smallestWaiting: number;
  /** Spare for the next seconds. */
  readonly supply: number;
}

const SUPPLY_SECONDS = 3;
const REMEMBERED_SECONDS = 10;

export function newDemand(nowMs: number): Demand {
  return { sum: 0, latest: 0, sinceMs: nowMs, perSecond: 0 };
}

/** Folds what was asked for in the last seconds into the rate; half of it is the last second's. */
export function rollDemand(demand: Demand, nowMs: number): void {
  const seconds = (nowMs - demand.sinceMs) / 1000;
  if (seconds < 1) return;
  const weight = 0.5 ** seconds;
  demand.perSecond = demand.perSecond * weight + (demand.sum / seconds) * (1 - weight);
  demand.sum = 0;
  demand.sinceMs = nowMs;
}

/** Spare for a few seconds at the present rate; for rare use one request as large as the latest. */
export function supplyFor({ sum, latest, perSecond }: Demand): number {
  const rate = Math.max(perSecond, sum);
  const oneMore = rate * REMEMBERED_SECONDS >= latest ? latest : 0;
  const supply = Math.floor(Math.max(rate * SUPPLY_SECONDS, oneMore));
  return supply < latest ? 0 : supply; // too little for anybody is only kept from others
}

/** How much spare could be had at most. */
export function obtainable({ free, room }: Pick<LeaseNeed, 'free' | 'room'>): number {
  return Math.max(0, free + room);
}

/**
 * The spare of the next lease: what is waited for, and a supply that is no more than a fair
 * share of what is left. So leases shrink to single requests as the limit comes near.
 */
export function spareFor(need: LeaseNeed): number {
  const { holders, waiting, smallestWaiting, supply } = need;
  const most = obtainable(need);
  if (waiting > 0 && most < smallestWaiting) return 0;
  if (waiting >= most) return most;
  const share = Math.floor((most - waiting) / Math.max(2, holders));
  return waiting + Math.min(supply, share);
}
