/** How fast a holder uses a quota, from the latest requests. */
export interface RecentUse {
  /** Reserved since `sinceMs`. */
  sum: number;
  /** The latest amount that was reserved. */
  latest: number;
  sinceMs: number;
  perSecond: number;
}

/** What a counter has and its holder wants, for the size of the next lease. */
export interface LeaseNeed {
  /** Spare in the lease now; below zero where more was used than leased. */
  readonly free: number;
  /** What the limit has left besides. */
  readonly room: number;
  /** The number of holders that share what is left, this one included. */
  readonly holders: number;
  /** The amounts that requests wait for: their sum, and the smallest. */
  readonly waiting: number;
  readonly smallestWaiting: number;
  /** Spare for the next seconds. */
  readonly supply: number;
}

const SUPPLY_SECONDS = 3;
const REMEMBERED_SECONDS = 10;

export function newRecentUse(nowMs: number): RecentUse {
  return { sum: 0, latest: 0, sinceMs: nowMs, perSecond: 0 };
}

/** Folds the use of the last seconds into the rate; half of the rate is the last second's. */
export function rollUse(use: RecentUse, nowMs: number): void {
  const seconds = (nowMs - use.sinceMs) / 1000;
  if (seconds < 1) return;
  const weight = 0.5 ** seconds;
  use.perSecond = use.perSecond * weight + (use.sum / seconds) * (1 - weight);
  use.sum = 0;
  use.sinceMs = nowMs;
}

/** Spare for a few seconds at the current rate; for rare use, one request as large as the latest. */
export function supplyFor({ sum, latest, perSecond }: RecentUse): number {
  const rate = Math.max(perSecond, sum);
  const oneMore = rate * REMEMBERED_SECONDS >= latest ? latest : 0;
  const supply = Math.floor(Math.max(rate * SUPPLY_SECONDS, oneMore));
  return supply < latest ? 0 : supply; // too little for a request would only be kept from others
}

/** The most spare that the counter can give. */
export function obtainable({ free, room }: Pick<LeaseNeed, 'free' | 'room'>): number {
  return Math.max(0, free + room);
}

/**
 * The spare of the next lease: what requests wait for, and a supply that is at most a fair share of
 * what is left. So leases shrink to single requests near the limit.
 */
export function spareFor(need: LeaseNeed): number {
  const { holders, waiting, smallestWaiting, supply } = need;
  const most = obtainable(need);
  if (waiting > 0 && most < smallestWaiting) return 0;
  if (waiting >= most) return most;
  const share = Math.floor((most - waiting) / Math.max(2, holders));
  return waiting + Math.min(supply, share);
}
