import {
  type Fraction,
  fraction,
  greatestCommonDivisor,
  multiply,
  reduce,
} from '../platform/fraction.js';
import { UNITS, type Unit, type UnitPrices } from './unit-prices.js';

/** Prices of all units over one divisor, so that a cost is whole-number sums and one division. */
export interface Rates extends Readonly<Record<Unit, number>> {
  readonly divisor: number;
  /** The same for sums that numbers do not hold exactly. */
  readonly exact: Readonly<Record<Unit | 'divisor', bigint>>;
}

export type ServiceTier = 'standard' | 'priority' | 'batch';

/**
 * Where prices come from. `bill` is Mistral's usage report, `usd-figure` the list's USD price taken for
 * EUR, and `most-expensive` stands for a model without a price of its own.
 */
export type PriceSource = 'policy' | 'bill' | 'list' | 'usd-figure' | 'most-expensive';

export interface ModelPrices {
  readonly source: PriceSource;
  readonly tiers: Readonly<Record<ServiceTier, Rates>>;
  readonly bounds: Readonly<Record<ServiceTier, Rates>>;
}

export const PRIORITY = fraction(7n, 4n);
export const REGIONAL = fraction(11n, 10n);
export const BATCH = fraction(1n, 2n);

// Mistral charges priority and region for tokens alone.
export const TOKENS: readonly Unit[] = ['inputToken', 'cachedToken', 'outputToken'];

export function times(prices: UnitPrices, factor: Fraction, units = TOKENS): UnitPrices {
  const changed = units.map((unit) => [unit, multiply(prices[unit], factor)]);
  return { ...prices, ...Object.fromEntries(changed) };
}

export function ratesOf(prices: UnitPrices): Rates {
  const reduced = UNITS.map((unit) => [unit, reduce(prices[unit])] as const);
  const divisor = reduced.reduce(
    (common, [, { denominator }]) =>
      (common / greatestCommonDivisor(common, denominator)) * denominator,
    1n,
  );
  return ratesFrom(
    Object.fromEntries([
      ...reduced.map(([unit, { numerator, denominator }]) => [
        unit,
        numerator * (divisor / denominator),
      ]),
      ['divisor', divisor],
    ]) as Rates['exact'],
  );
}

/** Rates that were kept by their exact numbers. */
export function ratesFrom(exact: Rates['exact']): Rates {
  const rounded = Object.entries(exact).map(([unit, rate]) => [unit, numberOf(rate)]);
  return { ...(Object.fromEntries(rounded) as Record<Unit | 'divisor', number>), exact };
}

/** Infinity sends a cost to the exact way. */
function numberOf(rate: bigint): number {
  return rate > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(rate);
}
