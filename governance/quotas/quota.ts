/** What a quota counts. Money is counted in nano-units (10^-9) of its currency. */
export type QuotaUnit = 'requests' | 'tokens' | 'usd' | 'eur';

export type QuotaWindow = 'minute' | 'hour' | 'day' | 'month';

/** A limit of one unit, for one scope, in each window of that length. Windows are in UTC. */
export interface Quota {
  /** `workspace#<name>` or `caller#<principal>`: as people know it. */
  readonly scope: string;
  /** `workspace#<id>`, since a new name is no new budget, or `caller#<workspace id>#<principal>`. @default the scope */
  readonly countedAs?: string;
  readonly unit: QuotaUnit;
  readonly window: QuotaWindow;
  /** A whole number of requests, tokens or nano-units of money. */
  readonly limit: number;
  /** The number of counters that the limit is split over. @default 1 */
  readonly shards?: number;
}

/** Whether it counts nano-units of a currency. */
export function isMoney({ unit }: Quota): boolean {
  return unit === 'usd' || unit === 'eur';
}

/** The most that one request may use of one quota. */
export interface QuotaClaim {
  readonly quota: Quota;
  readonly amount: number;
}

/** What a request holds until it is settled. Only the first call of either method counts. */
export interface Reservation {
  readonly kind: 'reserved';
  /** Books what was used, in the order of the claims, and frees the rest. */
  settle(used: readonly number[]): void;
  /** Frees everything: nothing was used. */
  release(): void;
}

export interface QuotaRefusal {
  readonly kind: 'exhausted';
  readonly quota: Quota;
  /** The exhausted window, for example `2026-11-23T17`. */
  readonly windowName: string;
  readonly resetsAt: Date;
  /** It would fit but for what this holder or others have reserved and not used, at least not yet. */
  readonly mayFreeSooner: boolean;
  /** What the request asked for. */
  readonly amount: number;
  /** How much of the limit is used, as far as the holder knows. */
  readonly spentPercent: number;
}

/** The amount does not fit even into an unused quota, so a retry cannot help. */
export interface QuotaTooSmall {
  readonly kind: 'too-large';
  readonly quota: Quota;
  readonly windowName: string;
  /** The most that the request may use. */
  readonly amount: number;
  /** The most that a single request can get: the limit, or one shard's part of it. */
  readonly largest: number;
}

/** The counters could not be reached. */
export interface QuotaUnavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
}

export type ReserveOutcome = Reservation | QuotaRefusal | QuotaTooSmall | QuotaUnavailable;

/** What is left of a quota in its running window, at least: what other processes have leased is not. */
export interface QuotaLeft {
  readonly quota: Quota;
  /** In the quota's unit. */
  readonly left: number;
  readonly resetsAt: Date;
}

/** One process that spends from quotas: it leases parts of them and settles what it used. */
export interface QuotaHolder {
  /** All claims or none. Answers immediately, from memory, while leases last. */
  reserve(claims: readonly QuotaClaim[]): ReserveOutcome | Promise<ReserveOutcome>;
  /** From memory: `undefined` where this process has not read all counters of a window yet. */
  left(quotas: readonly Quota[]): readonly (number | undefined)[];
  /** From the counters. Throws where they do not answer. */
  readLeft(quotas: readonly Quota[]): Promise<readonly QuotaLeft[]>;
  /** Settles what was used so far; on Lambda, before each answer ends. */
  flush(): Promise<void>;
  /** Settles what was used and returns all leases. */
  close(): Promise<void>;
}
