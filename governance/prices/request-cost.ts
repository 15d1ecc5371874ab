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
  readonly pages: number;
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

/** In nano-units, rounded up once. */
export function usageCost(prices: ModelPrices, usage: Usage): number {
  const cached = Math.min(usage.cachedTokens, usage.promptTokens);
  const annotated = Math.min(usage.annotatedPages, usage.pages);
  return cost(
    prices.tiers[usage.serviceTier],
    usage.promptTokens - cached,
    cached,
    usage.completionTokens,
    usage.pages - annotated,
    annotated,
    usage.audioSeconds,
    usage.characters,
  );
}

/** In nano-units, never less than what a request within the bounds costs. */
export function upperBoundCost(prices: ModelPrices, bounds: UsageBounds): number {
  return cost(
    bounds.mayBePriority ? prices.bounds.priority : prices.bounds.standard,
    bounds.promptTokens,
    0,
    bounds.completionTokens,
    bounds.pages,
    0,
    bounds.audioSeconds,
    bounds.characters,
  );
}

/** Plain arguments: this runs twice for every request. */
function cost(
  rates: Rates,
  inputTokens: number,
  cachedTokens: number,
  outputTokens: number,
  pages: number,
  annotatedPages: number,
  audioSeconds: number,
  characters: number,
): number {
  const sum =
    inputTokens * rates.inputToken +
    cachedTokens * rates.cachedToken +
    outputTokens * rates.outputToken +
    pages * rates.page +
    annotatedPages * rates.annotatedPage +
    audioSeconds * rates.audioSecond +
    characters * rates.character;
  // Below that no product or sum on the way was rounded.
  if (sum <= Number.MAX_SAFE_INTEGER) {
    const rest = sum % rates.divisor;
    return (sum - rest) / rates.divisor + (rest > 0 ? 1 : 0);
  }
  return exactCost(rates, {
    inputToken: inputTokens,
    cachedToken: cachedTokens,
    outputToken: outputTokens,
    page: pages,
    annotatedPage: annotatedPages,
    audioSecond: audioSeconds,
    character: characters,
  });
}

function exactCost({ exact }: Rates, counts: Readonly<Record<Unit, number>>): number {
  let sum = 0n;
  for (const [unit, count] of Object.entries(counts)) sum += BigInt(count) * exact[unit as Unit];
  return ceiling(fraction(sum, exact.divisor));
}
