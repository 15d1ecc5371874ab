import { larger } from '../platform/fraction.js';
import type { IsoDate } from '../platform/utc-day.js';
import type { Currency } from '../platform/wording.js';
import { type BilledPrices, exactPrice, staleFrom } from './billed-prices.js';
import { type NamedModel, PRICE_LIST } from './price-list.js';
import type { PriceSource } from './rates.js';
import {
  listedUnitPrices,
  mostExpensive,
  type PriceOverride,
  UNITS,
  type Unit,
  type UnitPrices,
  unitPricesOf,
} from './unit-prices.js';

/** What the policy says about prices. */
export interface PriceRules {
  readonly prices: {
    /** What a model without a price costs: as much as the most expensive one, or it is refused. */
    readonly unknownModel: 'most-expensive' | 'refuse';
    /** With `bill`, the organization's own prices count before all others. @default 'price-book' */
    readonly source?: 'price-book' | 'bill' | undefined;
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
  /** They will hold then unless an audit reads the bill before. */
  readonly isStale?: boolean;
}

/** The list's models, and those that only policy or bill price: their ids are exact ones too. */
export function pricedModels(
  { models }: PriceRules['prices'],
  billed?: BilledPrices,
): readonly NamedModel[] {
  const listed = new Set(PRICE_LIST.flatMap(({ id, aliases }) => [id, ...aliases]));
  const own = Object.keys({ ...billed?.models, ...models }).filter((id) => !listed.has(id));
  return [...PRICE_LIST, ...own.map((id) => ({ id, aliases: [], contextTokens: undefined }))];
}

/** All prices of every model with any, in order of their days, in the policy's currency. */
export function datedPrices(
  { prices, mistral }: PriceRules,
  billed?: BilledPrices,
): ReadonlyMap<string, readonly DatedPrices[]> {
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
  if (billed?.currency !== mistral.currency) return known;
  const silent = unknownUnits([...known.values()].flat());
  for (const id of Object.keys(billed.models)) {
    known.set(id, withBilled(billed, id, known.get(id) ?? [], silent));
  }
  return known;
}

/** Of a model that nothing but the bill prices, units that it leaves out cost as much as anywhere. */
function unknownUnits(all: readonly DatedPrices[]): DatedPrices {
  return {
    from: undefined,
    source: 'bill',
    unitPrices: mostExpensive(all.map(({ unitPrices }) => unitPrices)),
  };
}

/**
 * What the bill says from the day on which it first did, and what was known where it says nothing. Once
 * it is stale, the higher of the two.
 */
function withBilled(
  billed: BilledPrices,
  id: string,
  known: readonly DatedPrices[],
  silent: DatedPrices,
): DatedPrices[] {
  const changes = billed.models[id]?.prices ?? [];
  const stale = staleFrom(billed);
  const isKnown = known.length > 0;
  const days = [...known, ...changes, { from: stale }].flatMap(({ from }) => from ?? []);
  const first = known.some(({ from }) => from === undefined) ? [undefined] : [];
  return [...first, ...[...new Set(days)].sort()].flatMap((from): DatedPrices[] => {
    const before = isKnown ? pricesOn(known, from ?? '') : silent;
    const holding = changes.filter((one) => from !== undefined && one.from <= from).at(-1);
    if (!holding) return [{ ...before, from }];
    const isStale = from !== undefined && from >= stale;
    const units = UNITS.map((unit) => {
      const own = exactPrice(holding.units[unit]) ?? cachedAsInput(unit, holding.units, isKnown);
      const other = before.unitPrices[unit];
      return [unit, own === undefined ? other : isStale ? larger(own, other) : own] as const;
    });
    const unitPrices = Object.fromEntries(units) as UnitPrices;
    return [{ from, source: 'bill', unitPrices, isStale }];
  });
}

/** Nothing is known to cost more from the cache than without it. */
function cachedAsInput(unit: Unit, units: Readonly<Record<string, string>>, isKnown: boolean) {
  return unit === 'cachedToken' && !isKnown ? exactPrice(units.inputToken) : undefined;
}

/** The latest that hold; on a day before all of them, the first. */
export function pricesOn(dated: readonly DatedPrices[], day: IsoDate): DatedPrices {
  const holding = dated.filter(({ from }) => from === undefined || from <= day);
  const found = holding.at(-1) ?? dated[0];
  if (!found) throw new Error('a model with prices has at least one');
  return found;
}
