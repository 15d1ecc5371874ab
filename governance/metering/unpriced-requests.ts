import type { Log } from '../platform/log.js';
import { utcDay } from '../platform/utc-day.js';
import type { PriceBook } from '../prices/price-book.js';
import type { Demand } from './demand.js';
import type { Tariff } from './tariff.js';

export interface UnpricedNotice {
  readonly log: Log;
  readonly nowMs: () => number;
  /** Counts one request of a workspace. */
  readonly count: (workspace: string) => void;
}

/**
 * Counts requests for models without a price of their own, which cost as much as the most expensive
 * one, and logs each of these models once a day.
 */
export function noticeUnpriced(
  tariff: Tariff,
  priceBook: Pick<PriceBook, 'pricesOf'>,
  { log, nowMs, count }: UnpricedNotice,
): Tariff {
  const loggedOn = new Map<string, string>();
  // A request that ends without a usage is priced again, under the same grant.
  const noticed = new WeakSet<Demand['grant']>();

  function notice(grant: Demand['grant']): void {
    if (noticed.has(grant)) return;
    noticed.add(grant);
    const { modelId: model, workspace } = grant;
    count(workspace);
    const today = utcDay(new Date(nowMs()));
    if (loggedOn.get(model) === today) return;
    loggedOn.set(model, today);
    log.warn('model without a price is charged as the most expensive one', { model, workspace });
  }

  return {
    ...tariff,
    bound(demand) {
      const { grant } = demand;
      if (priceBook.pricesOf(grant.modelId)?.source === 'most-expensive') notice(grant);
      return tariff.bound(demand);
    },
  };
}
