import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ceiling, fraction } from '../../../governance/platform/fraction.js';
import { createPriceBook, type PriceBook } from '../../../governance/prices/price-book.js';
import { PRICE_LIST } from '../../../governance/prices/price-list.js';
import type { ModelPrices } from '../../../governance/prices/rates.js';
import {
  NO_USAGE,
  type Usage,
  type UsageBounds,
  upperBoundCost,
  usageCost,
} from '../../../governance/prices/request-cost.js';
import { readUsage } from '../../../governance/prices/usage-fields.js';
import { aPolicy } from '../../support/builders.js';

const NO_BOUNDS = { ...NO_USAGE, mayBePriority: false };

function aBook(currency: 'USD' | 'EUR', apiUrl = 'https://api.mistral.ai'): PriceBook {
  return createPriceBook(
    aPolicy((document) => {
      document.mistral = { currency, apiUrl };
      for (const workspace of document.workspaces)
        Object.assign(workspace, { budgets: {}, lends: {} });
      document.prices = {
        models: {
          // More expensive when cached, cheaper when annotated, and finer than numbers hold.
          odd: {
            inputPerMillionTokens: 0.1,
            cachedPerMillionTokens: 0.3,
            outputPerMillionTokens: 0.1234567890123456,
            perThousandPages: 2,
            perThousandAnnotatedPages: 1,
          },
        },
      };
    }),
  );
}

const USD = aBook('USD');
const EUR = aBook('EUR');
const EU = aBook('USD', 'https://api.eu.mistral.ai');

function pricesOf(book: PriceBook, model: string): ModelPrices {
  return book.pricesOf(model) as ModelPrices;
}

describe('an answer costs, in nano-units', () => {
  test.each<[string, PriceBook, string, Record<string, unknown>, number]>([
    // 1,000 × 150 + 500 × 600
    [
      'small, in and out',
      USD,
      'mistral-small-2603',
      { prompt_tokens: 1000, completion_tokens: 500 },
      450_000,
    ],
    // 1,000 × 120 + 500 × 500
    [
      'small in EUR',
      EUR,
      'mistral-small-2603',
      { prompt_tokens: 1000, completion_tokens: 500 },
      370_000,
    ],
    // 5 × 1,500 + 1,008 × 150 + 30 × 7,500
    [
      'medium, mostly cached',
      USD,
      'mistral-medium-3-5',
      { prompt_tokens: 1013, completion_tokens: 30, num_cached_tokens: 1008 },
      383_700,
    ],
    // (5 × 1,500 + 1,008 × 150 + 30 × 7,500) × 1.75
    [
      'the same with priority',
      USD,
      'mistral-medium-3-5',
      {
        prompt_tokens: 1013,
        completion_tokens: 30,
        num_cached_tokens: 1008,
        service_tier: 'priority',
      },
      671_475,
    ],
    // (5 × 1,500 + 1,008 × 150 + 30 × 7,500) × 1.1
    [
      'the same in the EU',
      EU,
      'mistral-medium-3-5',
      { prompt_tokens: 1013, completion_tokens: 30, num_cached_tokens: 1008 },
      422_070,
    ],
    // 383,700 × 1.75 × 1.1 = 738,622.5
    [
      'the same with both, rounded up',
      EU,
      'mistral-medium-3-5',
      {
        prompt_tokens: 1013,
        completion_tokens: 30,
        num_cached_tokens: 1008,
        service_tier: 'priority',
      },
      738_623,
    ],
    // 64 × 8.8 + 1 × 88 = 651.2
    [
      'an uneven price, rounded up',
      EUR,
      'ministral-3b-2512',
      { prompt_tokens: 64, completion_tokens: 1, num_cached_tokens: 64 },
      652,
    ],
    // 1 × 100
    [
      'one token of an embedding',
      USD,
      'mistral-embed-2312',
      { prompt_tokens: 1, completion_tokens: 0 },
      100,
    ],
    // 8,000 × 150
    [
      'code embeddings',
      USD,
      'codestral-embed-2505',
      { prompt_tokens: 8000, completion_tokens: 0 },
      1_200_000,
    ],
    // 8 × 300 + 91 × 900
    ['fim', USD, 'codestral-2508', { prompt_tokens: 8, completion_tokens: 91 }, 84_300],
    // 936 × 1,400 + 64 × 140 + 1,000 × 4,400
    [
      'glm with its own cached price',
      USD,
      'zai-glm-5-2',
      { prompt_tokens: 1000, completion_tokens: 1000, num_cached_tokens: 64 },
      5_719_360,
    ],
    // 29 × 4,000,000
    ['ocr', USD, 'mistral-ocr-4-1', { pages_processed: 29 }, 116_000_000],
    // 1 × 1,750,000
    ['ocr in EUR', EUR, 'mistral-ocr-2512', { pages_processed: 1 }, 1_750_000],
    // 203 × 50,000
    ['a transcription', USD, 'voxtral-mini-2602', { prompt_audio_seconds: 203 }, 10_150_000],
    // 2,600,000 / 60 = 43,333.33
    ['a second in EUR', EUR, 'voxtral-mini-2602', { prompt_audio_seconds: 1 }, 43_334],
    // 3 × 2,600,000 / 60, which is even again
    ['three seconds in EUR', EUR, 'voxtral-mini-2602', { prompt_audio_seconds: 3 }, 130_000],
    // 10 × 4,000,000 / 60 + 100 × 100 + 20 × 400 = 666,666.67 + 18,000
    [
      'a spoken chat',
      USD,
      'voxtral-small-2507',
      { prompt_tokens: 100, completion_tokens: 20, prompt_audio_seconds: 10 },
      684_667,
    ],
    // The same, rounded once: 666,666.67 + 18,000 × 1.75
    [
      'a spoken chat with priority, which audio knows nothing of',
      USD,
      'voxtral-small-2507',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_audio_seconds: 10,
        service_tier: 'priority',
      },
      698_167,
    ],
    [
      'moderation',
      USD,
      'mistral-moderation-2603',
      { prompt_tokens: 9000, completion_tokens: 0 },
      0,
    ],
    // 262,144 × 1,500 + 262,144 × 7,500
    [
      'a full context both ways',
      USD,
      'mistral-medium-3-5',
      { prompt_tokens: 262_144, completion_tokens: 262_144 },
      2_359_296_000,
    ],
    // 10^6 × 300 × 123.4567890123456
    [
      'a finer price than numbers hold',
      USD,
      'odd',
      { prompt_tokens: 0, completion_tokens: 300_000_000 },
      37_037_036_704,
    ],
    // 1,000 × 2,000 + 1,000 × 7,500
    [
      'an unknown model',
      USD,
      'mistral-huge-2612',
      { prompt_tokens: 1000, completion_tokens: 1000 },
      9_500_000,
    ],
  ])('%s', (_name, book, model, fields, nanos) => {
    expect(usageCost(pricesOf(book, model), readUsage(fields, NO_BOUNDS) as Usage)).toBe(nanos);
  });

  test('annotated pages and characters', () => {
    // 3 × 4,000,000 + 2 × 5,000,000, of five pages two annotated
    const ocr = { ...NO_USAGE, pages: 5, annotatedPages: 2 };
    expect(usageCost(pricesOf(USD, 'mistral-ocr-4-1'), ocr)).toBe(22_000_000);
    // 1,234 × 16,000
    const speech = { ...NO_USAGE, characters: 1234 };
    expect(usageCost(pricesOf(USD, 'voxtral-mini-tts-2603'), speech)).toBe(19_744_000);
  });

  test('an absurd amount costs the largest safe number', () => {
    const usage = { ...NO_USAGE, promptTokens: Number.MAX_SAFE_INTEGER };
    expect(usageCost(pricesOf(USD, 'odd'), usage)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

const models = fc.constantFrom(...PRICE_LIST.map(({ id }) => id), 'odd', 'mistral-huge-2612');
const prices = fc
  .tuple(fc.constantFrom(USD, EUR, EU), models)
  .map(([book, model]) => pricesOf(book, model));
const count = fc.oneof(fc.nat(300_000), fc.nat({ max: 2 ** 31 }));
const usages: fc.Arbitrary<Usage> = fc
  .record({
    promptTokens: count,
    cachedTokens: count,
    completionTokens: count,
    pages: count,
    annotatedPages: count,
    audioSeconds: count,
    characters: count,
    serviceTier: fc.constantFrom('standard', 'priority', 'batch'),
  })
  .map((usage) => ({
    ...usage,
    cachedTokens: Math.min(usage.cachedTokens, usage.promptTokens),
    annotatedPages: Math.min(usage.annotatedPages, usage.pages),
  }));

function boundsOf(usage: Usage): UsageBounds {
  return { ...usage, mayBePriority: usage.serviceTier === 'priority' };
}

test('a cost is the exact one, rounded up once', () => {
  fc.assert(
    fc.property(prices, usages, (modelPrices, usage) => {
      const { exact } = modelPrices.tiers[usage.serviceTier];
      const sum =
        BigInt(usage.promptTokens - usage.cachedTokens) * exact.inputToken +
        BigInt(usage.cachedTokens) * exact.cachedToken +
        BigInt(usage.completionTokens) * exact.outputToken +
        BigInt(usage.pages - usage.annotatedPages) * exact.page +
        BigInt(usage.annotatedPages) * exact.annotatedPage +
        BigInt(usage.audioSeconds) * exact.audioSecond +
        BigInt(usage.characters) * exact.character;
      expect(usageCost(modelPrices, usage)).toBe(ceiling(fraction(sum, exact.divisor)));
    }),
    { numRuns: 1000 },
  );
});

test('nothing within the bounds costs more than the bound', () => {
  const less = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(prices, usages, less, (modelPrices, bound, share) => {
      const part = (limit: number) => Math.floor(limit * share);
      const within: Usage = {
        promptTokens: part(bound.promptTokens),
        cachedTokens: part(bound.cachedTokens),
        completionTokens: part(bound.completionTokens),
        pages: part(bound.pages),
        annotatedPages: part(bound.annotatedPages),
        audioSeconds: part(bound.audioSeconds),
        characters: part(bound.characters),
        serviceTier: bound.serviceTier,
      };
      const most = upperBoundCost(modelPrices, boundsOf(bound));
      expect(usageCost(modelPrices, within)).toBeLessThanOrEqual(most);
      const standard = { ...within, serviceTier: 'standard' } as const;
      expect(usageCost(modelPrices, standard)).toBeLessThanOrEqual(most);
    }),
    { numRuns: 1000 },
  );
});

test.each<[string, Partial<UsageBounds>, number]>([
  // 64 × 300: the odd model charges more for what is cached
  ['tokens that may be cached', { promptTokens: 64 }, 19_200],
  // 1 × 2,000,000: and less for what is annotated
  ['pages', { pages: 1 }, 2_000_000],
  // 64 × 300 × 1.75
  ['tokens that may get priority', { promptTokens: 64, mayBePriority: true }, 33_600],
  ['nothing', {}, 0],
])('the bound of %s', (_name, bounds, nanos) => {
  const none = boundsOf(NO_USAGE);
  expect(upperBoundCost(pricesOf(USD, 'odd'), { ...none, ...bounds })).toBe(nanos);
});

test('using more of anything never costs less', () => {
  const fields = fc.constantFrom(
    'promptTokens',
    'completionTokens',
    'pages',
    'audioSeconds',
    'characters',
  );
  fc.assert(
    fc.property(prices, usages, fields, fc.nat(1000), (modelPrices, usage, field, more) => {
      const grown = { ...usage, [field]: usage[field] + more };
      expect(usageCost(modelPrices, grown)).toBeGreaterThanOrEqual(usageCost(modelPrices, usage));
    }),
  );
});
