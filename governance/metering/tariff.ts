import type { PriceBook } from '../prices/price-book.js';
import { upperBoundCost, usageCost } from '../prices/request-cost.js';
import { readUsage } from '../prices/usage-fields.js';
import type { Demand } from './demand.js';
import type { ReportedUsage } from './usage-scanner.js';

export interface Charge {
  /** In nano-units of the policy's currency. */
  readonly cost: number;
  readonly tokens: number;
}

/** What requests cost. */
export interface Tariff {
  /** The most a request can cost, in nano-units; `undefined` where the policy rejects the model. */
  bound(demand: Demand): number | undefined;
  /** What the usage that Mistral reports costs; `undefined` where it makes no sense. */
  charge(demand: Demand, usage: ReportedUsage): Charge | undefined;
}

/** Prices requests by the exact model of their grant, not by the name in the request. */
export function createTariff(priceBook: Pick<PriceBook, 'pricesOf'>): Tariff {
  return {
    bound(demand) {
      const prices = priceBook.pricesOf(demand.grant.modelId);
      if (!prices) return undefined;
      const { promptTokens, completionTokens, pages, annotated, audioSeconds, priority } = demand;
      return upperBoundCost(prices, {
        promptTokens,
        completionTokens,
        pages,
        annotatedPages: annotated ? pages : 0,
        audioSeconds,
        characters: 0,
        mayBePriority: priority,
      });
    },

    charge({ grant, annotated }, reported) {
      const prices = priceBook.pricesOf(grant.modelId);
      const usage = readUsage(reported);
      if (!prices || !usage) return undefined;
      const annotatedPages = annotated ? usage.pages : 0;
      return {
        cost: usageCost(prices, { ...usage, annotatedPages }),
        tokens: usage.promptTokens + usage.completionTokens,
      };
    },
  };
}
