import {
  type Fraction,
  fraction,
  isMore,
  larger,
  multiply,
  parseDecimal,
  ZERO,
} from '../platform/fraction.js';
import type { IsoDate } from '../platform/utc-day.js';
import type { Currency } from '../platform/wording.js';
import type { ListedPrices } from './price-list.js';

/** What Mistral charges for, one of each. */
export const UNITS = [
  'inputToken',
  'cachedToken',
  'outputToken',
  'page',
  'annotatedPage',
  'audioSecond',
  'character',
] as const;

export type Unit = (typeof UNITS)[number];

/** Nano-units of money for one of each. */
export type UnitPrices = Readonly<Record<Unit, Fraction>>;

export type PriceField = Exclude<keyof ListedPrices, 'from'>;

/** A team's own prices for one model, in its currency; what is left out costs nothing. */
export interface PriceOverride extends DatedOverride {
  /** What they become later, in order of their days. */
  readonly changes?: readonly DatedOverride[];
}

export interface DatedOverride extends Readonly<Partial<Record<PriceField, number>>> {
  /** The UTC day from which they hold; until then the price book's do. */
  readonly from?: IsoDate;
}

// From a price for so many to nano-units for one.
const PER_MILLION = fraction(1_000n);
const PER_THOUSAND = fraction(1_000_000n);
const PER_MINUTE = fraction(1_000_000_000n, 60n);
const CACHED_SHARE = fraction(1n, 10n);

/**
 * Where Mistral lists no price in EUR, its own pages show the USD figure: `isUsdFigure` says that one
 * of them stands for euros.
 */
export function listedUnitPrices(
  { from: _, ...prices }: ListedPrices,
  currency: Currency,
): { readonly unitPrices: UnitPrices; readonly isUsdFigure: boolean } {
  const decimals: Partial<Record<PriceField, string>> = {};
  let isUsdFigure = false;
  for (const [field, [usd, eur]] of Object.entries(prices)) {
    const isFree = parseDecimal(usd)?.numerator === 0n;
    if (currency === 'EUR' && eur === undefined && !isFree) isUsdFigure = true;
    decimals[field as PriceField] = currency === 'EUR' ? (eur ?? usd) : usd;
  }
  return { unitPrices: unitPricesOf(decimals), isUsdFigure };
}

/** The most that any of the models charges for each unit. */
export function mostExpensive(models: Iterable<UnitPrices>): UnitPrices {
  const prices = Object.fromEntries(UNITS.map((unit) => [unit, ZERO])) as Record<Unit, Fraction>;
  for (const model of models) {
    for (const unit of UNITS) {
      if (isMore(model[unit], prices[unit])) prices[unit] = model[unit];
    }
  }
  return prices;
}

/** Never less than what comes of it: nothing is cached for more, no page annotated for less. */
export function upperBound(prices: UnitPrices): UnitPrices {
  return {
    ...prices,
    inputToken: larger(prices.inputToken, prices.cachedToken),
    annotatedPage: larger(prices.page, prices.annotatedPage),
  };
}

/** What is left out costs nothing, but for what has a usual share of another price. */
export function unitPricesOf(
  decimals: Readonly<Partial<Record<PriceField, string | number>>>,
): UnitPrices {
  function price(field: PriceField, scale: Fraction): Fraction | undefined {
    const decimal = parseDecimal(decimals[field]);
    return decimal && multiply(decimal, scale);
  }
  const inputToken = price('inputPerMillionTokens', PER_MILLION) ?? ZERO;
  const page = price('perThousandPages', PER_THOUSAND) ?? ZERO;
  return {
    inputToken,
    cachedToken: price('cachedPerMillionTokens', PER_MILLION) ?? multiply(inputToken, CACHED_SHARE),
    outputToken: price('outputPerMillionTokens', PER_MILLION) ?? ZERO,
    page,
    annotatedPage: price('perThousandAnnotatedPages', PER_THOUSAND) ?? page,
    audioSecond: price('perAudioMinute', PER_MINUTE) ?? ZERO,
    character: price('perMillionCharacters', PER_MILLION) ?? ZERO,
  };
}
