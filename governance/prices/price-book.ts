import { startOfDay, utcDay } from '../platform/utc-day.js';
import type { Currency } from '../platform/wording.js';
import { apiZoneOf, type BilledPrices } from './billed-prices.js';
import {
  type DatedPrices,
  datedPrices,
  type PriceRules,
  pricedModels,
  pricesOn,
} from './dated-prices.js';
import type { NamedModel } from './price-list.js';
import {
  BATCH,
  type ModelPrices,
  PRIORITY,
  type PriceSource,
  REGIONAL,
  ratesOf,
  times,
} from './rates.js';
import { mostExpensive, UNITS, type UnitPrices, upperBound } from './unit-prices.js';

export interface PriceBook {
  readonly currency: Currency;
  /** Every model with a price, and what the list says of it besides. */
  readonly models: readonly NamedModel[];
  /**
   * Of an exact id, on the day of the book's clock. `undefined` for a model without a price where the
   * policy rejects those.
   */
  pricesOf(modelId: string): ModelPrices | undefined;
}

/** What the nightly audit published last; `undefined` where nothing is known of it. */
export type LatestBilled = () => BilledPrices | undefined;

/**
 * The list's prices as the policy and the bill correct them, in the policy's currency, by the day they
 * are asked on.
 */
export function createPriceBook(
  rules: PriceRules,
  nowMs: () => number = Date.now,
  latest: LatestBilled = () => undefined,
): PriceBook {
  let billed = latest();
  let book = bookOf(rules, nowMs, billed);

  function current(): PriceBook {
    const now = latest();
    if (now !== billed) {
      billed = now;
      book = bookOf(rules, nowMs, billed);
    }
    return book;
  }

  return {
    currency: rules.mistral.currency,
    get models() {
      return current().models;
    },
    pricesOf: (modelId) => current().pricesOf(modelId),
  };
}

function bookOf(
  rules: PriceRules,
  nowMs: () => number,
  billed: BilledPrices | undefined,
): PriceBook {
  const { prices, mistral } = rules;
  const known = datedPrices(rules, billed);
  const isRegional = apiZoneOf(mistral.apiUrl) !== 'global';
  // Mistral does not say whether region and priority add up; both is the more expensive reading.
  const compile = (source: PriceSource, unitPrices: UnitPrices) =>
    compilePrices(source, isRegional ? times(unitPrices, REGIONAL) : unitPrices);
  const days = [...known.values()].flat().flatMap(({ from }) => (from ? [from] : []));
  const changesMs = [...new Set(days)].sort().map((day) => startOfDay(day).getTime());
  const periods = new Map<number, Period>();
  let period: Period | undefined;

  /** Between two days on which some price changes. */
  function periodAt(ms: number): Period {
    const startsMs = changesMs.filter((change) => change <= ms).at(-1) ?? Number.NEGATIVE_INFINITY;
    const before = periods.get(startsMs);
    if (before) return before;
    const endsMs = changesMs.find((change) => change > ms) ?? Number.POSITIVE_INFINITY;
    const today = new Map(
      [...known].map(([id, dated]) => [id, pricesOn(dated, utcDay(new Date(ms)))]),
    );
    const unknown =
      prices.unknownModel === 'most-expensive'
        ? compile('most-expensive', mostExpensive([...today.values()].map((one) => one.unitPrices)))
        : undefined;
    const made = { startsMs, endsMs, today, unknown, compiled: new Map<string, ModelPrices>() };
    periods.set(startsMs, made);
    return made;
  }

  return {
    currency: mistral.currency,
    models: pricedModels(prices, billed),
    pricesOf(modelId) {
      const ms = nowMs();
      if (period === undefined || ms >= period.endsMs || ms < period.startsMs) {
        period = periodAt(ms);
      }
      const { compiled, today, unknown } = period;
      const before = compiled.get(modelId);
      if (before !== undefined) return before;
      const dated = today.get(modelId);
      if (dated === undefined) return unknown;
      const modelPrices = compile(dated.source, dated.unitPrices);
      compiled.set(modelId, modelPrices);
      return modelPrices;
    },
  };
}

interface Period {
  readonly startsMs: number;
  readonly endsMs: number;
  readonly today: ReadonlyMap<string, DatedPrices>;
  /** Of models without a price. */
  readonly unknown: ModelPrices | undefined;
  readonly compiled: Map<string, ModelPrices>;
}

function compilePrices(source: PriceSource, prices: UnitPrices): ModelPrices {
  const priority = times(prices, PRIORITY);
  return {
    source,
    tiers: {
      standard: ratesOf(prices),
      priority: ratesOf(priority),
      batch: ratesOf(times(prices, BATCH, UNITS)),
    },
    bounds: {
      standard: ratesOf(upperBound(prices)),
      priority: ratesOf(upperBound(priority)),
      batch: ratesOf(times(upperBound(prices), BATCH, UNITS)),
    },
  };
}
