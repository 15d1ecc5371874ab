import type { PriceBook } from '../prices/price-book.js';
import { upperBoundCost, usageCost } from '../prices/request-cost.js';
import { readUsage } from '../prices/usage-fields.js';
import type { Tariff } from './quota-metering.js';

/** Prices requests by the exact model that they were granted, whatever name they were asked with. */
export function createTariff(priceBook: Pick<PriceBook, 'pricesOf'>): Tariff {
  return {
    bound(demand) {
      const prices = priceBook.pricesOf(demand.grant.modelId);
      if (!prices) return undefined;
      const { promptTokens, completionTokens, pages, audioSeconds, priority } = demand;
      return upperBoundCost(prices, {
        promptTokens,
        completionTokens,
        pages,
        audioSeconds,
        characters: 0,
        mayBePriority: priority,
      });
    },

    charge({ grant, annotated }, fields) {
      const prices = priceBook.pricesOf(grant.modelId);
      const usage = readUsage(fields);
      if (!prices || !usage) return undefined;
      const annotatedPages = annotated ? usage.pages : 0;
      return {
        cost: usageCost(prices, { ...usage, annotatedPages }),
        tokens: usage.promptTokens + usage.completionTokens,
      };
    },
  };
}
