import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../governance/policy/policy.js';
import { createPriceBook, type PriceBook } from '../../../governance/prices/price-book.js';
import { PRICE_LIST, PRICE_LIST_SOURCE } from '../../../governance/prices/price-list.js';
import { NO_USAGE, type Usage, usageCost } from '../../../governance/prices/request-cost.js';
import { aPolicy } from '../../support/builders.js';

interface Setting {
  readonly currency?: 'USD' | 'EUR';
  readonly apiUrl?: string;
  readonly unknownModel?: Policy['prices']['unknownModel'];
  readonly models?: Policy['prices']['models'];
}

function aBook(setting: Setting = {}, at = '2026-11-28T12:00:00Z'): PriceBook {
  const { currency = 'USD', apiUrl, ...prices } = setting;
  return createPriceBook(
    aPolicy((document) => {
      document.mistral = { currency, ...(apiUrl && { apiUrl }) };
      document.prices = prices;
      for (const workspace of document.workspaces)
        Object.assign(workspace, { budgets: {}, lends: {} });
    }),
    () => new Date(at).getTime(),
  );
}

const MILLION = 1_000_000;
const UNIT = 1_000_000_000;

function costOf(book: PriceBook, model: string, usage: Partial<Usage>): number | undefined {
  const prices = book.pricesOf(model);
  return prices && usageCost(prices, { ...NO_USAGE, ...usage });
}

/** What a million tokens cost, in and out, in whole units of money. */
function perMillion(book: PriceBook, model: string): (number | undefined)[] {
  return [{ promptTokens: MILLION }, { completionTokens: MILLION }].map((usage) => {
    const cost = costOf(book, model, usage);
    return cost && cost / UNIT;
  });
}

describe('list prices for a million tokens, in and out', () => {
  test.each<[string, [number, number], [number, number] | undefined]>([
    ['mistral-large-2512', [0.5, 1.5], [0.44, 1.3]],
    ['mistral-medium-3-5', [1.5, 7.5], [1.25, 6.4]],
    ['mistral-small-2603', [0.15, 0.6], [0.12, 0.5]],
    ['ministral-14b-2512', [0.2, 0.2], [0.18, 0.18]],
    ['ministral-8b-2512', [0.15, 0.15], [0.13, 0.13]],
    ['ministral-3b-2512', [0.1, 0.1], [0.088, 0.088]],
    ['codestral-2508', [0.3, 0.9], [0.26, 0.79]],
    ['zai-glm-5-2', [1.4, 4.4], [1.19, 3.74]],
    ['voxtral-small-2507', [0.1, 0.4], [0.088, 0.35]],
    ['mistral-embed-2312', [0.1, 0], [0.1, 0]],
    ['codestral-embed-2505', [0.15, 0], [0.15, 0]],
    ['mistral-moderation-2603', [0, 0], [0, 0]],
    ['labs-leanstral-1-5', [0, 0], [0, 0]],
    ['mistral-medium-2508', [0.4, 2], [0.4, 2]],
    ['mistral-medium-2505', [0.4, 2], [0.4, 2]],
    ['magistral-medium-2509', [2, 5], [1.75, 4.38]],
    ['magistral-small-2509', [0.5, 1.5], [0.44, 1.31]],
    ['devstral-2512', [0.4, 2], [0.35, 1.75]],
    ['open-mistral-nemo-2407', [0.15, 0.15], [0.15, 0.15]],
    ['mistral-small-2506', [0.1, 0.3], [0.1, 0.3]],
    ['mistral-large-2411', [2, 6], [2, 6]],
    ['pixtral-large-2411', [2, 6], [2, 5.4]],
    ['voxtral-mini-2507', [0.04, 0.04], [0.03, 0.04]],
    ['mistral-large-4', [0.7, 2.1], [0.7, 2.1]],
    ['zai-glm-5-3', [1.4, 4.4], [1.4, 4.4]],
    ['zai-glm-5-3-flash', [0.15, 0.5], [0.15, 0.5]],
    ['deepseek-v4-1-flash-1017', [0.3, 1.2], [0.3, 1.2]],
    ['shieldstral-1-0', undefined as never, undefined],
  ])('%s', (model, usd, eur) => {
    const refuse = { unknownModel: 'refuse' } as const;
    expect(perMillion(aBook(refuse), model)).toEqual(usd ?? [undefined, undefined]);
    expect(perMillion(aBook({ ...refuse, currency: 'EUR' }), model)).toEqual(
      eur ?? [undefined, undefined],
    );
  });
});

describe('list prices of what is not counted in tokens', () => {
  const THOUSAND_PAGES = { pages: 1000 };
  const THOUSAND_ANNOTATED = { pages: 1000, annotatedPages: 1000 };
  const AN_HOUR = { audioSeconds: 3600 };
  test.each<[string, string, Partial<Usage>, number, number]>([
    ['pages', 'mistral-ocr-4-1', THOUSAND_PAGES, 4, 3.5],
    ['annotated pages', 'mistral-ocr-4-1', THOUSAND_ANNOTATED, 5, 4.38],
    ['pages', 'mistral-ocr-4-0', THOUSAND_PAGES, 4, 3.5],
    ['annotated pages', 'mistral-ocr-4-0', THOUSAND_ANNOTATED, 5, 4.38],
    ['pages', 'mistral-ocr-2512', THOUSAND_PAGES, 2, 1.75],
    ['annotated pages', 'mistral-ocr-2512', THOUSAND_ANNOTATED, 3, 2.63],
    ['an hour', 'voxtral-mini-2602', AN_HOUR, 0.18, 0.156],
    ['an hour', 'voxtral-mini-transcribe-realtime-2602', AN_HOUR, 0.36, 0.318],
    ['an hour', 'voxtral-small-2507', AN_HOUR, 0.24, 0.21],
    ['characters', 'voxtral-mini-tts-2603', { characters: MILLION }, 16, 10],
    ['characters', 'voxtral-mini-tts-3', { characters: MILLION }, 13, 13],
    ['an hour', 'voxtral-mini-2507', AN_HOUR, 0.12, 0.12],
    ['an hour', 'voxtral-mini-transcribe-3', AN_HOUR, 0.21, 0.21],
    ['an hour', 'voxtral-mini-transcribe-realtime-3', AN_HOUR, 0.48, 0.48],
    ['an hour', 'voxtral-small-transcribe-3', AN_HOUR, 0.24, 0.24],
    ['a text to be read', 'voxtral-mini-tts-2603', { promptTokens: MILLION }, 0, 0],
  ])('%s of %s', (_what, model, usage, usd, eur) => {
    expect(costOf(aBook(), model, usage)).toBe(usd * UNIT);
    expect(costOf(aBook({ currency: 'EUR' }), model, usage)).toBe(eur * UNIT);
  });
});

describe('what changes a price', () => {
  const SMALL = 'mistral-small-2603';
  const USE = { promptTokens: MILLION, cachedTokens: 400_000, completionTokens: MILLION };
  // 600,000 × 150 + 400,000 × 15 + 1,000,000 × 600 nano-dollars
  const LIST = 90_000_000 + 6_000_000 + 600_000_000;
  test.each<[string, string, Partial<Usage>, number]>([
    ['nothing', 'https://api.mistral.ai', USE, LIST],
    ['priority', 'https://api.mistral.ai', { ...USE, serviceTier: 'priority' }, LIST * 1.75],
    ['batch', 'https://api.mistral.ai', { ...USE, serviceTier: 'batch' }, LIST / 2],
    ['the EU', 'https://api.eu.mistral.ai', USE, 765_600_000],
    ['the US', 'https://api.us.mistral.ai/', USE, 765_600_000],
    [
      'priority in the EU',
      'https://api.eu.mistral.ai',
      { ...USE, serviceTier: 'priority' },
      1_339_800_000,
    ],
    ['another host with "eu" in it', 'https://eu.example.com', USE, LIST],
  ])('%s', (_name, apiUrl, usage, cost) => {
    expect(costOf(aBook({ apiUrl }), SMALL, usage)).toBe(cost);
  });

  test('region and priority are for tokens alone, batch is for all', () => {
    const book = aBook({ apiUrl: 'https://api.eu.mistral.ai' });
    const pages = { pages: 1000, serviceTier: 'priority' } as const;
    expect(costOf(book, 'mistral-ocr-2512', pages)).toBe(2 * UNIT);
    expect(costOf(aBook(), 'mistral-ocr-2512', { ...pages, serviceTier: 'batch' })).toBe(UNIT);
  });

  test('a cached token has its own price where the list says so', () => {
    const usage = { promptTokens: MILLION, cachedTokens: MILLION };
    expect(costOf(aBook(), 'zai-glm-5-2', usage)).toBe(0.14 * UNIT);
    expect(costOf(aBook({ currency: 'EUR' }), 'zai-glm-5-2', usage)).toBe(0.119 * UNIT);
  });
});

describe('what the policy says of a model', () => {
  test('replaces the list', () => {
    const book = aBook({
      models: { 'mistral-small-2603': { inputPerMillionTokens: 0.1, outputPerMillionTokens: 0.3 } },
    });
    expect(perMillion(book, 'mistral-small-2603')).toEqual([0.1, 0.3]);
    expect(book.pricesOf('mistral-small-2603')?.source).toBe('policy');
    expect(book.pricesOf('mistral-large-2512')?.source).toBe('list');
  });

  test('charges a tenth for cached tokens, all pages alike, and nothing for missing prices', () => {
    const book = aBook({ models: { own: { inputPerMillionTokens: 0.15, perThousandPages: 2 } } });
    expect(costOf(book, 'own', { promptTokens: MILLION, cachedTokens: MILLION })).toBe(15_000_000);
    expect(costOf(book, 'own', { pages: 1000, annotatedPages: 10 })).toBe(2 * UNIT);
    expect(costOf(book, 'own', { completionTokens: MILLION })).toBe(0);
  });

  test('is read to its last digit', () => {
    const book = aBook({ models: { own: { inputPerMillionTokens: 4.07 } } });
    // In binary 4.07 × 1000 × 1000 is a little more, so that rounding up would add a nano-dollar.
    expect(costOf(book, 'own', { promptTokens: 1000 })).toBe(4_070_000);
    const fine = aBook({ models: { own: { inputPerMillionTokens: 0.1234567890123456 } } });
    // 123.4567890123456 nano-dollars × 10^9
    expect(costOf(fine, 'own', { promptTokens: UNIT })).toBe(123_456_789_013);
  });

  test('a model named like a method has no price', () => {
    expect(aBook({ unknownModel: 'refuse' }).pricesOf('constructor')).toBeUndefined();
  });
});

test.each([
  ['mistral-large-4', 0.07],
  ['zai-glm-5-3', 0.14],
  ['zai-glm-5-3-flash', 0.03],
  ['deepseek-v4-1-flash-1017', 0.007],
])('a cached token of %s has its own price, not a tenth', (model, usd) => {
  const cached = { promptTokens: MILLION, cachedTokens: MILLION };
  expect(costOf(aBook(), model, cached)).toBe(Math.round(usd * UNIT));
});

test('prices in EUR that are USD figures are marked', () => {
  const source = (model: string) => aBook({ currency: 'EUR' }).pricesOf(model)?.source;
  expect(['mistral-small-2603', 'labs-leanstral-1-5'].map(source)).toEqual(['list', 'list']);
  expect(['mistral-medium-2508', 'voxtral-mini-2507'].map(source)).toEqual(
    Array(2).fill('usd-figure'),
  );
  expect(aBook().pricesOf('mistral-medium-2508')?.source).toBe('list');
});

describe('prices hold from a day on', () => {
  test.each([
    ['2026-10-05T12:00:00Z', [0.68, 2.09]],
    ['2026-10-19T23:59:59.999Z', [0.68, 2.09]],
    ['2026-10-20T00:00:00Z', [1.36, 4.18]],
    ['2026-10-28T23:59:59.999Z', [1.36, 4.18]],
    ['2026-10-29T00:00:00Z', [0.7, 2.1]],
    ['2027-01-01T00:00:00Z', [0.7, 2.1]],
  ])('mistral-large-4 at %s', (at, usd) => {
    expect(perMillion(aBook({}, at), 'mistral-large-4')).toEqual(usd);
  });

  test.each([
    ['2026-11-30T23:59:59.999Z', [0.15, 0.6], 'list'],
    ['2026-12-01T00:00:00Z', [0.1, 0.4], 'policy'],
    ['2026-12-24T00:00:00Z', [0.2, 0.8], 'policy'],
  ])("the policy's at %s", (at, usd, source) => {
    const changed = { inputPerMillionTokens: 0.2, outputPerMillionTokens: 0.8, from: '2026-12-24' };
    const own = { inputPerMillionTokens: 0.1, outputPerMillionTokens: 0.4, from: '2026-12-01' };
    const models = { 'mistral-small-2603': { ...own, changes: [changed] } };
    const book = aBook({ models }, at);
    expect(perMillion(book, 'mistral-small-2603')).toEqual(usd);
    expect(book.pricesOf('mistral-small-2603')?.source).toBe(source);
  });

  test('of a model that only the policy knows, the first hold before their day, too', () => {
    const models = { own: { inputPerMillionTokens: 3, from: '2026-12-01' } };
    expect(perMillion(aBook({ models }), 'own')).toEqual([3, 0]);
  });

  test('and one book goes from one to the next, and back for a replay', () => {
    let at = '';
    const book = createPriceBook(aPolicy(), () => new Date(at).getTime());
    const seen = ['2026-10-28', '2026-10-29', '2026-10-19', '2026-10-28', '2026-10-29'].map(
      (day) => {
        at = `${day}T23:00:00Z`;
        return perMillion(book, 'mistral-large-4')[0];
      },
    );
    expect(seen).toEqual([1.36, 0.7, 0.68, 1.36, 0.7]);
  });
});

describe('a model without a price', () => {
  test('costs as much as the most expensive for each unit', () => {
    const book = aBook();
    expect(perMillion(book, 'mistral-huge-2612')).toEqual([2, 7.5]);
    expect(costOf(book, 'mistral-huge-2612', { pages: 1000 })).toBe(4 * UNIT);
    expect(costOf(book, 'mistral-huge-2612', { audioSeconds: 600 })).toBe(0.08 * UNIT);
    expect(costOf(book, 'mistral-huge-2612', { characters: MILLION })).toBe(16 * UNIT);
    expect(book.pricesOf('mistral-huge-2612')?.source).toBe('most-expensive');
  });

  test('costs as much as what the policy made most expensive', () => {
    const book = aBook({ models: { own: { outputPerMillionTokens: 100 } } });
    expect(perMillion(book, 'mistral-huge-2612')).toEqual([2, 100]);
  });

  test('is rejected if the policy says so', () => {
    expect(aBook({ unknownModel: 'refuse' }).pricesOf('mistral-huge-2612')).toBeUndefined();
  });
});

test('the list has a date and a commit, and no name twice', () => {
  expect(PRICE_LIST_SOURCE.publishedOn).toBe('2026-08-21');
  expect(PRICE_LIST_SOURCE.commit).toMatch(/^222f4ba[0-9a-f]{33}$/);
  const names = PRICE_LIST.flatMap(({ id, aliases }) => [id, ...aliases]);
  expect(names).toHaveLength(new Set(names).size);
});
