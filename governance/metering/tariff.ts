import type { PriceBook } from '../prices/price-book.js';
import type { ModelPrices } from '../prices/rates.js';
import { type UsageBounds, upperBoundCost, usageCost } from '../prices/request-cost.js';
import { readUsage, toolCallsIn } from '../prices/usage-fields.js';
import type { Demand } from './demand.js';
import { isSet } from './spellings.js';
import type { ChargedUsage } from './usage-record.js';
import type { ReportedUsage } from './usage-scanner.js';

export interface Charge {
  /** In nano-units of the policy's currency. */
  readonly cost: number;
  readonly tokens: number;
  /** What it is for. */
  readonly usage: ChargedUsage;
}

/** What requests cost. */
export interface Tariff {
  /** The most a request can cost, in nano-units; `undefined` where the policy rejects the model. */
  bound(demand: Demand): number | undefined;
  /** What the usage that Mistral reports costs; `undefined` where it makes no sense. */
  charge(demand: Demand, usage: ReportedUsage): Charge | undefined;
  /** Of a model, on this day: what a job that runs later is charged by. */
  pricesOf(modelId: string): ModelPrices | undefined;
}

/** Prices requests by the exact model of their grant, not by the name in the request. */
export function createTariff(priceBook: Pick<PriceBook, 'pricesOf'>): Tariff {
  return {
    pricesOf: (modelId) => priceBook.pricesOf(modelId),

    bound(demand) {
      const prices = priceBook.pricesOf(demand.grant.modelId);
      return (
        prices && upperBoundCost(prices, boundsOf(demand)) + toolCost(demand, demand.toolCalls)
      );
    },

    charge(demand, reported) {
      const prices = priceBook.pricesOf(demand.grant.modelId);
      const { unreported } = demand;
      if (unreported && !isSet(reported.prompt_audio_seconds)) return undefined;
      const most = unreported ? { ...demand, ...unreported } : demand;
      const usage = readUsage(reported, boundsOf(most));
      if (!prices || !usage) return undefined;
      const calls = toolCallsIn(reported) ?? demand.toolCalls;
      if (calls > 0 && demand.grant.agent?.nanosPerToolCall === undefined) return undefined;
      const cost = usageCost(prices, usage) + toolCost(demand, calls);
      return { cost, tokens: tokensOf(demand, usage.totalTokens), usage };
    },
  };
}

function toolCost({ grant: { agent } }: Demand, calls: number): number {
  return calls === 0 ? 0 : calls * (agent?.nanosPerToolCall ?? 0);
}

/** What is spoken is paid by the character: of tokens, no more than its text has count. */
function tokensOf({ characters, promptTokens }: Demand, reported: number): number {
  return characters > 0 ? Math.min(reported, promptTokens) : reported;
}

export function boundsOf(demand: Demand): UsageBounds {
  const { promptTokens, completionTokens, pages, annotated, audioSeconds, characters, priority } =
    demand;
  return {
    promptTokens,
    completionTokens,
    pages,
    annotatedPages: annotated ? pages : 0,
    audioSeconds,
    characters,
    mayBePriority: priority,
  };
}
