import type { Log } from '../platform/log.js';
import { HOUR_MS, type IsoDate, MINUTE_MS, utcDay } from '../platform/utc-day.js';
import { type BilledPrices, staleFrom } from './billed-prices.js';
import type { PriceRules } from './dated-prices.js';
import type { LatestBilled } from './price-book.js';

/** The organization's own prices as they were published last. */
export interface PriceFeed {
  /** The last that could be read; reads again, in the background, what is an hour old. */
  readonly latest: LatestBilled;
  /** Never fails: what was read before stays. */
  refresh(): Promise<void>;
}

export interface PriceFeedParts {
  readonly rules: PriceRules;
  readonly read: () => Promise<BilledPrices | undefined>;
  readonly nowMs: () => number;
  readonly log: Log;
}

const RETRY_MS = 5 * MINUTE_MS;

/** Reads publications where the policy says that the bill's prices count, and none elsewhere. */
export function createPriceFeed({ rules, read, nowMs, log }: PriceFeedParts): PriceFeed {
  if (rules.prices.source !== 'bill') return { latest: () => undefined, async refresh() {} };
  const { currency } = rules.mistral;
  let published: BilledPrices | undefined;
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let warnedOn: IsoDate | undefined;

  async function refresh(): Promise<void> {
    dueAtMs = nowMs() + RETRY_MS;
    let problem: object | undefined;
    try {
      const found = await read();
      if (found && JSON.stringify(found) !== JSON.stringify(published)) published = found;
      problem = problemOf(found);
      dueAtMs = nowMs() + HOUR_MS;
    } catch (error) {
      problem = { error };
    }
    const today = utcDay(new Date(nowMs()));
    if (problem === undefined || warnedOn === today) return;
    warnedOn = today;
    const { readOn } = published ?? {};
    log.warn("prices of Mistral's report are not current", { ...problem, readOn });
  }

  function problemOf(found: BilledPrices | undefined): object | undefined {
    if (found === undefined) return { reason: 'none are published: the price book counts' };
    if (found.currency !== currency) {
      return { reason: `they are in ${found.currency}, the policy in ${currency}` };
    }
    if (utcDay(new Date(nowMs())) < staleFrom(found)) return undefined;
    return { reason: 'no audit has read them for days: the higher of bill and price book counts' };
  }

  return {
    refresh,
    latest() {
      if (nowMs() > dueAtMs) void refresh();
      return published;
    },
  };
}
