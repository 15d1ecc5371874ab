import { ceiling, fraction } from '../platform/fraction.js';
import type { ModelPrices, Rates, ServiceTier } from './rates.js';
import type { Unit } from './unit-prices.js';

/** What one request used; all whole numbers, none negative. */
export interface Usage {
  /** All of the prompt's tokens, cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** All pages, annotated ones included. */
  readonly pages: number;
  readonly annotatedPages: number;
  readonly audioSeconds: number;
  readonly characters: number;
  readonly serviceTier: ServiceTier;
}

/** What one request may use at most. */
export interface UsageBounds {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** All pages, annotated ones included. */
  readonly pages: number;
  readonly annotatedPages: number;
  readonly audioSeconds: number;
  readonly characters: number;
  /** It asks for the priority tier, so that it may get and pay it. */
  readonly mayBePriority: boolean;
}

export const NO_USAGE: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  pages: 0,
  annotatedPages: 0,
  audioSeconds: 0,
  characters: 0,
  serviceTier: 'standard',
};

type Counts = Readonly<Record<Unit, number>>;

/** In nano-units, rounded up once. */
export function usageCost(prices: ModelPrices, usage: Usage): number {
  return usageCostAt(prices.tiers[usage.serviceTier], usage);
}

/** The same at the rates of one tier, whichever the usage names. */
export function usageCostAt(rates: Rates, usage: Omit<Usage, 'serviceTier'>): number {
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  const annotated = Math.min(usage.annotatedPages, usage.pages);
  return cost(rates, {
    inputToken: usage.promptTokens - cached,
    cachedToken: cached,
    outputToken: usage.completionTokens,
    page: usage.pages - annotated,
    annotatedPage: annotated,
    audioSecond: usage.audioSeconds,
    character: usage.characters,
  });
}

/** In nano-units, never less than what a request within the bounds costs. */
export function upperBoundCost({ bounds: rates }: ModelPrices, bounds: UsageBounds): number {
  return boundCostAt(bounds.mayBePriority ? rates.priority : rates.standard, bounds);
}

/** The same at the bounds of one tier. */
export function boundCostAt(rates: Rates, bounds: Omit<UsageBounds, 'mayBePriority'>): number {
  return cost(rates, {
    inputToken: bounds.promptTokens,
    cachedToken: 0,
    outputToken: bounds.completionTokens,
    page: bounds.pages - bounds.annotatedPages,
    annotatedPage: bounds.annotatedPages,
    audioSecond: bounds.audioSeconds,
    character: bounds.characters,
  });
}

/** Written out, since it runs twice for every request. */
function cost(rates: Rates, counts: Counts): number {
  const sum =
    counts.inputToken * rates.inputToken +
    counts.cachedToken * rates.cachedToken +
    counts.outputToken * rates.outputToken +
    counts.page * rates.page +
    counts.annotatedPage * rates.annotatedPage +
    counts.audioSecond * rates.audioSecond +
    counts.character * rates.character;
  // Up to that no product or sum was rounded. NaN, from an infinite rate, takes the exact way, too.
  if (!(sum <= Number.MAX_SAFE_INTEGER)) return exactCost(rates, counts);
  const rest = sum % rates.divisor;
  return (sum - rest) / rates.divisor + (rest > 0 ? 1 : 0);
}

function exactCost({ exact }: Rates, counts: Counts): number {
  let sum = 0n;
  for (const [unit, count] of Object.entries(counts)) sum += BigInt(count) * exact[unit as Unit];
  return ceiling(fraction(sum, exact.divisor));
}
