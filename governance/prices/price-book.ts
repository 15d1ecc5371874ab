import type { Currency } from '../platform/wording.js';
import { type NamedModel, PRICE_LIST } from './price-list.js';
import { BATCH, type ModelPrices, PRIORITY, REGIONAL, ratesOf, times } from './rates.js';
import {
  listedUnitPrices,
  mostExpensive,
  type PriceOverride,
  UNITS,
  type UnitPrices,
  unitPricesOf,
  upperBound,
} from './unit-prices.js';

export interface PriceBook {
  readonly currency: Currency;
  /** What the list says of models besides their prices. */
  readonly models: readonly NamedModel[];
  /** By exact id. `undefined` for a model without a price where the policy rejects those. */
  pricesOf(modelId: string): ModelPrices | undefined;
}

/** What the policy says about prices. */
export interface PriceRules {
  readonly prices: {
    /** What a model without a price costs: as much as the most expensive one, or it is refused. */
    readonly unknownModel: 'most-expensive' | 'refuse';
    /** By exact id; each replaces the list's prices for that model. */
    readonly models: Readonly<Record<string, PriceOverride>>;
  };
  readonly mistral: { readonly currency: Currency; readonly apiUrl: string };
}

/** The list's prices as the policy corrects them, in the policy's currency. */
export function createPriceBook({ prices, mistral }: PriceRules): PriceBook {
  const known = knownPrices(prices, mistral.currency);
  const isRegional = /^api\.(eu|us)\./.test(new URL(mistral.apiUrl).hostname);
  // Mistral does not say whether region and priority add up; both is the more expensive reading.
  const compile = (source: ModelPrices['source'], unitPrices: UnitPrices) =>
    compilePrices(source, isRegional ? times(unitPrices, REGIONAL) : unitPrices);
  const unknown =
    prices.unknownModel === 'most-expensive'
      ? compile('most-expensive', mostExpensive(known.values()))
      : undefined;
  const compiled = new Map<string, ModelPrices>();

  return {
    currency: mistral.currency,
    models: PRICE_LIST,
    pricesOf(modelId) {
      const before = compiled.get(modelId);
      if (before !== undefined) return before;
      const unitPrices = known.get(modelId);
      if (unitPrices === undefined) return unknown;
      const source = Object.hasOwn(prices.models, modelId) ? 'policy' : 'list';
      const modelPrices = compile(source, unitPrices);
      compiled.set(modelId, modelPrices);
      return modelPrices;
    },
  };
}

function knownPrices(
  { models }: PriceRules['prices'],
  currency: Currency,
): ReadonlyMap<string, UnitPrices> {
  const known = new Map<string, UnitPrices>();
  for (const { id, prices: listed } of PRICE_LIST) {
    const unitPrices = listedUnitPrices(listed, currency);
    if (unitPrices) known.set(id, unitPrices);
  }
  for (const [id, override] of Object.entries(models)) {
    known.set(id, unitPricesOf(override));
  }
  return known;
}

function compilePrices(source: ModelPrices['source'], prices: UnitPrices): ModelPrices {
  const priority = times(prices, PRIORITY);
  return {
    source,
    tiers: {
      standard: ratesOf(prices),
      priority: ratesOf(priority),
      batch: ratesOf(times(prices, BATCH, UNITS)),
    },
    bounds: { standard: ratesOf(upperBound(prices)), priority: ratesOf(upperBound(priority)) },
  };
}
