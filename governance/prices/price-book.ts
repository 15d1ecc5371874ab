import { type IsoDate, startOfDay, utcDay } from '../platform/utc-day.js';
import type { Currency } from '../platform/wording.js';
import { type NamedModel, PRICE_LIST } from './price-list.js';
import {
  BATCH,
  type ModelPrices,
  PRIORITY,
  type PriceSource,
  REGIONAL,
  ratesOf,
  times,
} from './rates.js';
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
  /** Every model with a price, and what the list says of it besides. */
  readonly models: readonly NamedModel[];
  /**
   * Of an exact id, on the day of the book's clock. `undefined` for a model without a price where the
   * policy rejects those.
   */
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

/** Prices of one model, from a day on. */
export interface DatedPrices {
  /** `undefined` for those that hold before every other. */
  readonly from: IsoDate | undefined;
  readonly source: Exclude<PriceSource, 'most-expensive'>;
  readonly unitPrices: UnitPrices;
}

/** The list's prices as the policy corrects them, in the policy's currency, by the day they are asked on. */
export function createPriceBook(rules: PriceRules, nowMs: () => number = Date.now): PriceBook {
  const { prices, mistral } = rules;
  const known = datedPrices(rules);
  const isRegional = /^api\.(eu|us)\./.test(new URL(mistral.apiUrl).hostname);
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
    const today = new Map([...known].map(([id, dated]) => [id, on(dated, utcDay(new Date(ms)))]));
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
    models: pricedModels(prices),
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

/** The list's models, and those that only the policy prices: their ids are exact ones too. */
export function pricedModels({ models }: PriceRules['prices']): readonly NamedModel[] {
  const listed = new Set(PRICE_LIST.map(({ id }) => id));
  const own = Object.keys(models).filter((id) => !listed.has(id));
  return [...PRICE_LIST, ...own.map((id) => ({ id, aliases: [], contextTokens: undefined }))];
}

interface Period {
  readonly startsMs: number;
  readonly endsMs: number;
  readonly today: ReadonlyMap<string, DatedPrices>;
  /** Of models without a price. */
  readonly unknown: ModelPrices | undefined;
  readonly compiled: Map<string, ModelPrices>;
}

/** All prices of every model with any, in order of their days, in the policy's currency. */
export function datedPrices({
  prices,
  mistral,
}: PriceRules): ReadonlyMap<string, readonly DatedPrices[]> {
  const known = new Map<string, DatedPrices[]>();
  for (const { id, prices: listed } of PRICE_LIST) {
    if (listed.length === 0) continue;
    const dated = listed.map((one): DatedPrices => {
      const { unitPrices, isUsdFigure } = listedUnitPrices(one, mistral.currency);
      return { from: one.from, source: isUsdFigure ? 'usd-figure' : 'list', unitPrices };
    });
    known.set(id, dated);
  }
  for (const [id, { changes = [], ...first }] of Object.entries(prices.models)) {
    const own = [first, ...changes].map(
      ({ from, ...decimals }): DatedPrices => ({
        from,
        source: 'policy',
        unitPrices: unitPricesOf(decimals),
      }),
    );
    const { from } = first;
    // A price of the list without a day is older than any day.
    const listed = (known.get(id) ?? []).filter(
      (one) => from !== undefined && (one.from === undefined || one.from < from),
    );
    known.set(id, [...listed, ...own]);
  }
  return known;
}

/** The latest that hold; on a day before all of them, the first. */
function on(dated: readonly DatedPrices[], day: IsoDate): DatedPrices {
  const holding = dated.filter(({ from }) => from === undefined || from <= day);
  const found = holding.at(-1) ?? dated[0];
  if (!found) throw new Error('a model with prices has at least one');
  return found;
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
    bounds: { standard: ratesOf(upperBound(prices)), priority: ratesOf(upperBound(priority)) },
  };
}
