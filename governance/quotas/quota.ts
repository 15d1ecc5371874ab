/** What a quota counts. Money is counted in nano-units (10^-9) of its currency. */
export type QuotaUnit = 'requests' | 'tokens' | 'usd' | 'eur';

export type QuotaWindow = 'minute' | 'hour' | 'day' | 'month';

/** So much of a unit, for one scope, in each window of that length. Windows are in UTC. */
export interface Quota {
  /** `workspace#<name>` or `caller#<principal>`. */
  readonly scope: string;
  readonly unit: QuotaUnit;
  readonly window: QuotaWindow;
  /** A whole number of requests, tokens or nano-units of money. */
  readonly limit: number;
  /** Counters that the limit is split over. @default 1 */
  readonly shards?: number;
}

/** What one request may use of one quota at most. */
export interface QuotaClaim {
  readonly quota: Quota;
  readonly amount: number;
}

/** What a request holds until it is settled. Only the first call of either method counts. */
export interface Reservation {
  readonly kind: 'reserved';
  /** Books what was really used, in the order of the claims; the rest is free again. */
  settle(used: readonly number[]): void;
  /** Frees everything: nothing was used. */
  release(): void;
}

export interface QuotaRefusal {
  readonly kind: 'exhausted';
  readonly quota: Quota;
  /** The window that has no room left, for example `2026-11-23T17`. */
  readonly windowName: string;
  readonly resetsAt: Date;
  /** What is left may come back before that, since others hold it without having used it. */
  readonly heldByOthers: boolean;
}

/** Not even an untouched quota has room for that much, so it is of no use to come back. */
export interface QuotaTooSmall {
  readonly kind: 'too-large';
  readonly quota: Quota;
  readonly windowName: string;
  /** What the request may use at most. */
  readonly amount: number;
  /** The most that a single request can have: the limit, or a shard's part of it. */
  readonly largest: number;
}

/** Something went wrong on the way to the counters, so that nothing can be promised. */
export interface QuotaUnavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
}

export type ReserveOutcome = Reservation | QuotaRefusal | QuotaTooSmall | QuotaUnavailable;

/** One process that spends from quotas: it holds leases on parts of them and settles what it used. */
export interface QuotaHolder {
  /** All claims or none. Answers at once from memory while leases last. */
  reserve(claims: readonly QuotaClaim[]): ReserveOutcome | Promise<ReserveOutcome>;
  /** Settles what was used so far; on Lambda before each answer ends. */
  flush(): Promise<void>;
  /** Settles what was used, gives back the rest and holds nothing any more. */
  close(): Promise<void>;
}
