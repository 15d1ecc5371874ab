import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../governance/policy/policy.js';
import {
  type BilledPrices,
  BilledPricesSchema,
  readPriceReport,
  withReport,
} from '../../../governance/prices/billed-prices.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { createPriceFeed } from '../../../governance/prices/price-feed.js';
import { pricesInFields, priceTable } from '../../../governance/prices/price-table.js';
import { NO_USAGE, usageCost } from '../../../governance/prices/request-cost.js';
import { aPolicy, silentLog } from '../../support/builders.js';
import { aPrice } from '../../support/usage-reports.js';

const GLOBAL = 'https://api.mistral.ai';
const EU = 'https://api.eu.mistral.ai';
const NEW = 'mistral-huge-2612';

type Rows = Parameters<typeof readPriceReport>[0];

function fields(rows: Rows, apiUrl = GLOBAL): Record<string, object> {
  const { models } = readPriceReport(rows, apiUrl);
  return Object.fromEntries([...models].map(([id, prices]) => [id, pricesInFields(prices)]));
}

describe('a price list', () => {
  test('has prices of tokens, pages, seconds and characters, in any notation', () => {
    const rows = [
      aPrice(NEW, 'input', '8.50E-8', { event_type: 'api_tokens' }),
      aPrice(NEW, 'cached', 8.5e-9),
      aPrice(NEW, 'output', '0.00000034'),
      aPrice('an-ocr', 'pages', 0.004, { event_type: 'api_pages' }),
      aPrice('an-ocr', 'annotated_pages', 0.005, { event_type: 'api_pages' }),
      aPrice('a-voice', 'input', '0.00005', { event_type: 'api_audio_seconds' }),
      aPrice('a-speaker', 'output', '16E-6', { event_type: 'api_audio_characters' }),
      aPrice('web_search', 'calls', 0.03, { event_type: 'api_connectors' }),
      aPrice(NEW, 'training', 1),
    ];
    expect(fields(rows)).toEqual({
      [NEW]: {
        inputPerMillionTokens: 0.085,
        cachedPerMillionTokens: 0.0085,
        outputPerMillionTokens: 0.34,
      },
      'an-ocr': { perThousandPages: 4, perThousandAnnotatedPages: 5 },
      'a-voice': { perAudioMinute: 0.003 },
      'a-speaker': { perMillionCharacters: 16 },
    });
  });

  test.each<[unknown]>([['dear'], [-1], [null], [Number.NaN], ['0x10'], [{}], [undefined]])(
    'whose price is %j has an unreadable row, and none for it',
    (price) => {
      expect(readPriceReport([aPrice(NEW, 'input', price)], GLOBAL)).toEqual({
        models: new Map(),
        unreadable: 1,
      });
    },
  );

  test('counts what stands there twice at the higher price, and other tiers not at all', () => {
    const rows = [
      aPrice(NEW, 'input', '2E-6'),
      aPrice(NEW, 'input', '3E-6', { service_tier: 'standard' }),
      aPrice(NEW, 'input', '1E-6'),
      aPrice(NEW, 'input', '9E-6', { service_tier: 'priority' }),
    ];
    expect(fields(rows)).toEqual({ [NEW]: { inputPerMillionTokens: 3 } });
  });

  test.each([
    [GLOBAL, 2],
    [EU, 3],
    ['https://api.us.mistral.ai', 2],
  ])('for %s has the prices of that zone, then global ones', (apiUrl, expected) => {
    const rows = [
      aPrice(NEW, 'input', '2E-6', { api_zone: 'global' }),
      aPrice(NEW, 'input', '3.3E-6', { api_zone: 'eu' }),
    ];
    expect(fields(rows, apiUrl)).toEqual({ [NEW]: { inputPerMillionTokens: expected } });
    expect(fields(rows.slice(1), apiUrl)).toEqual({ [NEW]: { inputPerMillionTokens: 3 } });
  });
});

function published(day: string, ...prices: [model: string, group: string, price: string][]) {
  const rows = prices.map(([model, group, price]) => aPrice(model, group, price));
  return withReport(undefined, readPriceReport(rows, GLOBAL), 'USD', day);
}

describe('a publication', () => {
  const first = published('2026-11-10', [NEW, 'input', '2E-6']);

  test('keeps the day of a price that did not change, and the price that was before', () => {
    const same = withReport(
      first,
      readPriceReport([aPrice(NEW, 'input', 0.000002)], GLOBAL),
      'USD',
      '2026-11-11',
    );
    expect(same.models[NEW]).toEqual({ ...first.models[NEW], seenOn: '2026-11-11' });
    const changed = withReport(
      same,
      readPriceReport([aPrice(NEW, 'input', '3E-6')], GLOBAL),
      'USD',
      '2026-11-12',
    );
    expect(changed.models[NEW]?.prices.map(({ from }) => from)).toEqual([
      '2026-11-10',
      '2026-11-12',
    ]);
    expect(BilledPricesSchema.parse(JSON.parse(JSON.stringify(changed)))).toEqual(changed);
  });

  test('keeps models that a later report leaves out for a hundred days', () => {
    const later = withReport(first, { models: new Map() }, 'USD', '2027-02-18');
    expect(Object.keys(later.models)).toEqual([NEW]);
    expect(withReport(later, { models: new Map() }, 'USD', '2027-02-19').models).toEqual({});
  });

  test('starts empty in another currency', () => {
    expect(withReport(first, { models: new Map() }, 'EUR', '2026-11-11').models).toEqual({});
  });

  test('of two audits on one day has the price of the second', () => {
    const report = readPriceReport([aPrice(NEW, 'input', '3E-6')], GLOBAL);
    expect(withReport(first, report, 'USD', '2026-11-10').models[NEW]?.prices).toHaveLength(1);
  });
});

/** What a million tokens of each kind cost on a day, in USD. */
function million(
  model: string,
  day: string,
  billed: BilledPrices,
  change?: (document: never) => void,
) {
  const policy = { ...aPolicy(change as never) };
  const book = createPriceBook(
    policy,
    () => Date.parse(`${day}T12:00:00Z`),
    () => billed,
  );
  const prices = book.pricesOf(model);
  if (!prices) throw new Error('no price');
  const tokens = { promptTokens: 1e6, cachedTokens: 0, completionTokens: 0 };
  const cost = (usage: object) => usageCost(prices, { ...NO_USAGE, ...usage }) / 1e9;
  return {
    source: prices.source,
    input: cost(tokens),
    cached: cost({ ...tokens, cachedTokens: 1e6 }),
    output: cost({ completionTokens: 1e6 }),
  };
}

describe('prices of the bill in the price book', () => {
  const large = 'mistral-large-2512';
  const billed = published(
    '2026-11-10',
    [large, 'input', '7E-7'],
    [NEW, 'input', '2E-6'],
    [NEW, 'output', '6E-6'],
  );

  test('count from their day on, and the book where the bill is silent', () => {
    expect(million(large, '2026-11-09', billed)).toEqual({
      source: 'list',
      input: 0.5,
      cached: 0.05,
      output: 1.5,
    });
    expect(million(large, '2026-11-10', billed)).toEqual({
      source: 'bill',
      input: 0.7,
      cached: 0.05,
      output: 1.5,
    });
  });

  test('price a model that nothing else does, also before: what is cached costs what is not', () => {
    const expected = { source: 'bill', input: 2, cached: 2, output: 6 };
    expect(million(NEW, '2026-11-09', billed)).toEqual(expected);
    expect(million(NEW, '2026-11-12', billed)).toEqual(expected);
  });

  test('of a unit that nothing prices are the highest of all models', () => {
    const some = published('2026-11-10', [NEW, 'input', '2E-6']);
    expect(million(NEW, '2026-11-12', some)).toMatchObject({ input: 2, output: 7.5 });
  });

  test('count before those of the policy', () => {
    const priced = (document: { prices: object }) => {
      document.prices = {
        models: { [large]: { inputPerMillionTokens: 9, outputPerMillionTokens: 8 } },
      };
    };
    expect(million(large, '2026-11-12', billed, priced as never)).toMatchObject({
      input: 0.7,
      output: 8,
    });
  });

  test('once they were not read for more than eight days are the higher of both', () => {
    const low = published(
      '2026-11-10',
      [large, 'input', '1E-7'],
      ['mistral-small-2603', 'input', '9E-7'],
    );
    expect(million(large, '2026-11-18', low).input).toBe(0.1);
    expect(million(large, '2026-11-19', low).input).toBe(0.5);
    expect(million('mistral-small-2603', '2026-11-19', low).input).toBe(0.9);
  });

  test('in another currency count nowhere', () => {
    expect(million(large, '2026-11-12', { ...billed, currency: 'EUR' }).input).toBe(0.5);
  });

  test('replace each other without a new book', () => {
    let latest: BilledPrices | undefined;
    const book = createPriceBook(
      aPolicy(),
      () => Date.parse('2026-11-12'),
      () => latest,
    );
    expect(book.pricesOf(NEW)?.source).toBe('most-expensive');
    latest = billed;
    expect(book.pricesOf(NEW)?.source).toBe('bill');
    expect(book.models.map(({ id }) => id)).toContain(NEW);
  });

  test('stand in the table with their day and where they are from', () => {
    const rows = priceTable(aPolicy(), '2026-11-12', billed).filter(({ model }) => model === large);
    expect(rows.map(({ from, source, publishedIn }) => [from, source, publishedIn])).toEqual([
      [undefined, 'list', expect.stringContaining('222f4ba')],
      ['2026-11-10', 'bill', "Mistral's usage report, read on 2026-11-10"],
    ]);
  });
});

describe('a reader of publications', () => {
  const billed = published('2026-11-10', [NEW, 'input', '2E-6']);

  function feedOf(read: () => Promise<BilledPrices | undefined>, source = 'bill') {
    let at = Date.parse('2026-11-10T12:00:00Z');
    const warned: unknown[] = [];
    let reads = 0;
    const rules = { ...aPolicy(), prices: { ...aPolicy().prices, source } } as Policy;
    const feed = createPriceFeed({
      rules,
      read: () => {
        reads += 1;
        return read();
      },
      nowMs: () => at,
      log: { ...silentLog, warn: (_message, fields) => void warned.push(fields) },
    });
    return {
      feed,
      warned,
      reads: () => reads,
      async pass(milliseconds: number) {
        at += milliseconds;
        feed.latest();
        await new Promise(setImmediate);
      },
    };
  }

  test('reads at the start and hourly, as it is asked', async () => {
    const { feed, pass, reads, warned } = feedOf(async () => billed);
    await feed.refresh();
    expect(feed.latest()).toEqual(billed);
    await pass(3_599_000);
    expect(reads()).toBe(1);
    await pass(2_000);
    expect(reads()).toBe(2);
    expect(warned).toEqual([]);
  });

  test('reads nothing where the price book counts', async () => {
    const { feed, pass, reads } = feedOf(async () => billed, 'price-book');
    await feed.refresh();
    await pass(7_200_000);
    expect([reads(), feed.latest()]).toEqual([0, undefined]);
  });

  test('keeps what it read when it cannot read again, and says so once a day', async () => {
    let isDown = false;
    const { feed, pass, reads, warned } = feedOf(async () => {
      if (isDown) throw new Error('throttled');
      return billed;
    });
    await feed.refresh();
    isDown = true;
    for (let hour = 0; hour < 30; hour += 1) await pass(3_600_001);
    expect(feed.latest()).toEqual(billed);
    expect(reads()).toBe(31);
    expect(warned).toHaveLength(2);
    isDown = false;
    await pass(300_001);
    expect(reads()).toBe(32);
  });

  test.each<[string, BilledPrices | undefined, string]>([
    ['nothing', undefined, 'none are published: the price book counts'],
    ['another currency', { ...billed, currency: 'EUR' }, 'they are in EUR, the policy in USD'],
    [
      'what is old',
      { ...billed, readOn: '2026-11-01' },
      'no audit has read them for days: the higher of bill and price book counts',
    ],
  ])('says that it found %s', async (_what, found, reason) => {
    const { feed, warned } = feedOf(async () => found);
    await feed.refresh();
    expect(warned).toEqual([{ reason, readOn: found?.readOn }]);
  });
});
