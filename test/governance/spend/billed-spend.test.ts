import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MonthlyUsage } from '../../../governance/mistral/mistral-limits.js';
import { exactCeiling, fraction } from '../../../governance/platform/fraction.js';
import { billedSpend } from '../../../governance/spend/billed-spend.js';
import { aPrice, aReport, aRow, byModel, models } from '../../support/usage-reports.js';

const SMALL = 'mistral-small-2603';
const LARGE = 'mistral-large-2512';
const SMALL_PRICES = [
  aPrice(SMALL, 'input', '1.50E-7'),
  aPrice(SMALL, 'output', '6.00E-7'),
  aPrice(SMALL, 'cached', '1.5E-8'),
];
const ZONED = [
  aPrice(SMALL, 'input', '1.5E-7', { api_zone: 'global', service_tier: 'standard' }),
  aPrice(SMALL, 'input', '2.625E-7', { api_zone: 'global', service_tier: 'priority' }),
  aPrice(SMALL, 'input', '1.65E-7', { api_zone: 'eu', service_tier: 'standard' }),
];

describe('a month costs, in nano-units', () => {
  test.each<[string, MonthlyUsage['prices'], MonthlyUsage['categories'], number]>([
    ['nothing at all', SMALL_PRICES, {}, 0],
    ['an empty category', SMALL_PRICES, { completion: { models: {} } }, 0],
    [
      // 11,121 × 0.000000085 = 0.000945285
      'a price with an exponent',
      [aPrice(SMALL, 'input', '8.50E-8')],
      { completion: models(aRow(SMALL, 'input', 11_121)) },
      945_285,
    ],
    [
      // the same, as JSON numbers are
      'a price as a number with an exponent',
      [aPrice(SMALL, 'input', 8.5e-8)],
      { completion: models(aRow(SMALL, 'input', 11_121)) },
      945_285,
    ],
    [
      // 11,121 × 0.000000085
      'a price as a long decimal',
      [aPrice(SMALL, 'input', '0.000000085000')],
      { completion: models(aRow(SMALL, 'input', 11_121)) },
      945_285,
    ],
    [
      // 1,000 × 0.00000015 + 500 × 0.0000006 + 640 × 0.000000015 = 0.00015 + 0.0003 + 0.0000096
      'input, output and cached of one model',
      SMALL_PRICES,
      {
        completion: models(
          aRow(SMALL, 'input', 1000),
          aRow(SMALL, 'output', 500),
          aRow(SMALL, 'cached', 640),
        ),
      },
      459_600,
    ],
    [
      // (1,000 + 2,000) × 0.00000015 + 1,000 × 0.0000005 = 0.00045 + 0.0005
      'several days and models',
      [...SMALL_PRICES, aPrice(LARGE, 'input', '5E-7')],
      {
        completion: models(
          aRow(SMALL, 'input', 1000),
          aRow(SMALL, 'input', 2000, { timestamp: '2026-11-15' }),
          aRow(LARGE, 'input', 1000),
        ),
      },
      950_000,
    ],
    [
      // 400 × 0.00000015: what is not paid for costs nothing
      'a part of it free',
      SMALL_PRICES,
      { completion: models(aRow(SMALL, 'input', 1000, { value_paid: 400 })) },
      60_000,
    ],
    [
      'all of it free',
      SMALL_PRICES,
      { completion: models(aRow(SMALL, 'input', 1000, { value_paid: 0 })) },
      0,
    ],
    [
      // 1,000 × 0.00000015
      'without a field for the paid part',
      SMALL_PRICES,
      { completion: models(aRow(SMALL, 'input', 1000, { value_paid: null })) },
      150_000,
    ],
    [
      // 29 × 0.004
      'pages',
      [aPrice('mistral-ocr-4-1', 'pages', '4E-3', { event_type: 'api_pages' })],
      { ocr: models(aRow('mistral-ocr-4-1', 'pages', 29, { event_type: 'api_pages' })) },
      116_000_000,
    ],
    [
      // 203 × 0.00005
      'seconds of audio',
      [aPrice('voxtral-mini-2602', 'audio_seconds', '5.0E-5')],
      { audio: models(aRow('voxtral-mini-2602', 'audio_seconds', 203)) },
      10_150_000,
    ],
    [
      // 1,234 × 0.000016
      'characters',
      [aPrice('voxtral-mini-tts-2603', 'output', 1.6e-5)],
      { audio_characters: models(aRow('voxtral-mini-tts-2603', 'output', 1234)) },
      19_744_000,
    ],
    [
      // 3 × 0.03
      'connectors',
      [aPrice('web_search', 'calls', '0.03')],
      { connectors: models(aRow('web_search', 'calls', 3)) },
      90_000_000,
    ],
    [
      // 7 × 0.001 + 1,000 × 0.0000001 + 60 × 0.00005 = 0.007 + 0.0001 + 0.003
      'libraries, each kind separately',
      [
        aPrice('lib', 'pages', '1E-3'),
        aPrice('lib', 'tokens', '1E-7'),
        aPrice('lib', 'seconds', '5E-5'),
      ],
      {
        libraries_api: {
          pages: models(aRow('lib', 'pages', 7)),
          tokens: models(aRow('lib', 'tokens', 1000)),
          audio_seconds: models(aRow('lib', 'seconds', 60)),
        },
      },
      10_100_000,
    ],
    [
      // 1,000,000 × 0.000003 + 2 × 2.00
      'fine-tuning, and the models that it stores',
      [aPrice('ft-small', 'training', '3E-6'), aPrice('ft-small', 'storage', 2)],
      {
        fine_tuning: {
          training: byModel([aRow('ft-small', 'training', 1_000_000)]),
          storage: { 'ft-small': 2 },
        },
      },
      7_000_000_000,
    ],
    [
      // 1,000 × 0.00000015 + 2 × 0.004 + 1 × 0.03 + 10 × 0.00005 + 100 × 0.000016
      //   = 0.00015 + 0.008 + 0.03 + 0.0005 + 0.0016
      'vibe code, each kind separately',
      [
        ...SMALL_PRICES,
        aPrice('ocr', 'pages', '4E-3'),
        aPrice('web_search', 'calls', '3E-2'),
        aPrice('voxtral', 'seconds', '5E-5'),
        aPrice('tts', 'characters', '1.6E-5'),
      ],
      {
        vibe_code: {
          completion: models(aRow(SMALL, 'input', 1000)),
          ocr: models(aRow('ocr', 'pages', 2)),
          connectors: models(aRow('web_search', 'calls', 1)),
          audio: models(aRow('voxtral', 'seconds', 10)),
          audio_characters: models(aRow('tts', 'characters', 100)),
        },
      },
      40_250_000,
    ],
    [
      // 1,000 × 0.00000015 + 10 × 0.004 + 1,000 × 0.00000015
      'several categories, also an unknown one',
      [...SMALL_PRICES, aPrice('ocr', 'pages', '4E-3')],
      {
        completion: models(aRow(SMALL, 'input', 1000)),
        ocr: models(aRow('ocr', 'pages', 10)),
        robots: { arms: { left: models(aRow(SMALL, 'input', 1000)) } },
      },
      40_300_000,
    ],
    [
      // 1,000 × 0.000000165 + 1,000 × 0.0000002625 = 0.000165 + 0.0002625
      'zones and tiers, each with its price',
      ZONED,
      {
        completion: models(
          aRow(SMALL, 'input', 1000, { api_zone: 'eu', service_tier: 'standard' }),
          aRow(SMALL, 'input', 1000, { api_zone: 'global', service_tier: 'priority' }),
        ),
      },
      427_500,
    ],
    [
      // 1,000 × 0.00000015
      'a row silent about both, as everywhere and standard',
      ZONED,
      { completion: models(aRow(SMALL, 'input', 1000)) },
      150_000,
    ],
    [
      // 1,000 × 0.00000015: the row says api_tokens, and so does one of the prices
      'the price of the same event',
      [
        aPrice(SMALL, 'input', '9E-7', { event_type: 'vibe_tokens' }),
        aPrice(SMALL, 'input', '1.5E-7', { event_type: 'api_tokens' }),
        aPrice(SMALL, 'input', '9E-7'),
      ],
      { completion: models(aRow(SMALL, 'input', 1000)) },
      150_000,
    ],
    [
      // 1,000 × 0.0000003: both fit equally
      'the higher of two equal matches',
      [aPrice(SMALL, 'input', '3E-7'), aPrice(SMALL, 'input', '1.5E-7')],
      { completion: models(aRow(SMALL, 'input', 1000)) },
      300_000,
    ],
    [
      // 3 × 0.0000000001 = 0.0000000003, once rounded up; each by itself would make 3
      'thirds of a nano-unit, rounded up once',
      [aPrice(SMALL, 'input', '1E-10')],
      {
        completion: models(
          aRow(SMALL, 'input', 1),
          aRow(SMALL, 'input', 1),
          aRow(SMALL, 'input', 1),
        ),
      },
      1,
    ],
    [
      // 123,456,789,012 × 0.000000075 = 9,259.2591759
      'a very large month',
      [aPrice(SMALL, 'input', '7.5e-08')],
      { completion: models(aRow(SMALL, 'input', 123_456_789_012)) },
      9_259_259_175_900,
    ],
    [
      // 0.1 × 0.1 + 0.2 × 0.1, which binary makes 0.030000000000000006
      'amounts that are not whole numbers, also as texts',
      [aPrice('gpu', 'hour', 0.1)],
      { deployments: models(aRow('gpu', 'hour', 0.1), aRow('gpu', 'hour', '0.2')) },
      30_000_000,
    ],
    [
      // 1,000 × 0.00000015 by the names that the row stands under
      'a row that names neither metric nor group',
      SMALL_PRICES,
      {
        completion: {
          models: { [`mistral-small-latest::${SMALL}`]: { input: [{ value: 1000 }] } },
        },
      },
      150_000,
    ],
    [
      // (110 − 50) × 1
      'charges less refunds',
      [aPrice('nova', 'input', 1)],
      { completion: models(aRow('nova', 'input', 110), aRow('nova', 'input', -50)) },
      60_000_000_000,
    ],
    [
      // 0.5 − 2 × 0.75, as texts and with an exponent
      'refunds alone, and more than was charged',
      [aPrice('nova', 'input', '0.75'), aPrice('nova', 'output', '5e-1')],
      {
        completion: models(
          aRow('nova', 'output', '1'),
          aRow('nova', 'input', ' -2E0 '),
          aRow('nova', 'input', -0),
        ),
      },
      -1_000_000_000,
    ],
    [
      // −3 × 0.0000000005 = −1.5 nano-units, and up from there is −1
      'a part of a nano-unit less, rounded up',
      [aPrice('nova', 'input', '5E-10')],
      { completion: models(aRow('nova', 'input', -3)) },
      -1,
    ],
    [
      // 12,345,678.90 × 1, which whole nano-units of a number do not hold exactly in general
      'more than nine million',
      [aPrice('nova', 'input', 1)],
      { completion: models(aRow('nova', 'input', '12345678.90')) },
      12_345_678_900_000_000,
    ],
    [
      'a model that is free',
      [aPrice('mistral-moderation-2603', 'input', '0E-8')],
      { completion: models(aRow('mistral-moderation-2603', 'input', 1_000_000)) },
      0,
    ],
  ])('%s', (_name, prices, categories, nanos) => {
    expect(billedSpend(aReport(prices, categories))).toMatchObject({
      currency: 'USD',
      totalNanos: nanos,
      unpriced: [],
      unreadable: [],
    });
  });
});

test('refunds count on their day and for their model', () => {
  const rows = models(
    aRow('nova', 'input', 110),
    aRow('nova', 'input', -50, { timestamp: '2026-11-15' }),
    aRow('luna', 'input', -5, { timestamp: '2026-11-15' }),
  );
  const prices = [aPrice('nova', 'input', 1), aPrice('luna', 'input', 1)];
  const { nanosByDay, byModel } = billedSpend(aReport(prices, { completion: rows }));
  expect([...nanosByDay]).toEqual([
    ['2026-11-14', 110e9],
    ['2026-11-15', -55e9],
  ]);
  expect(byModel).toEqual([{ model: 'nova', nanos: 60e9 }]);
});

describe('what cannot be read is named, at any price', () => {
  const nova = { category: 'completion', billingMetric: 'nova', billingGroup: 'input' };

  test.each([
    'few',
    '',
    '1,000',
    '--5',
    '- 5',
    '-+5',
    '-',
    true,
    {},
    [5],
    '1e9999',
    // One row of a quadrillion is not an amount of money.
    '1e15000',
    '1000000000000001',
    -2e15,
  ])('an amount of %j', (value) => {
    const rows = models(aRow('nova', 'input', value), aRow('nova', 'input', 3));
    const spend = billedSpend(aReport([aPrice('nova', 'input', 1)], { completion: rows }));
    expect(spend).toMatchObject({ totalNanos: 3e9, unpriced: [] });
    expect(spend.unreadable).toEqual([{ ...nova, given: value }]);
  });

  test.each([null, undefined])(
    'no amount (%j), though a paid part of none is the whole',
    (value) => {
      const rows = models(
        aRow('nova', 'input', value),
        aRow('nova', 'input', 3, { value_paid: null }),
      );
      const spend = billedSpend(aReport([aPrice('nova', 'input', 1)], { completion: rows }));
      expect(spend.totalNanos).toBe(3e9);
      expect(spend.unreadable).toMatchObject([nova]);
    },
  );

  test.each<[string, unknown]>([
    ['a text in place of a row', ['lost']],
    ['nothing in place of a row', [null]],
    ['rows within rows', [[aRow('nova', 'input', 3)]]],
    ['a text in place of rows', 'lost'],
    ['yes in place of rows', true],
  ])('%s', (_what, input) => {
    const completion = { models: { 'nova-latest::nova': { input } } };
    const spend = billedSpend(aReport([aPrice('nova', 'input', 1)], { completion }));
    expect(spend).toMatchObject({ totalNanos: 0, unpriced: [], unreadable: [nova] });
  });

  test('rows deeper than any report has them', () => {
    let deep: unknown = [aRow('nova', 'input', 3)];
    for (let level = 0; level < 12; level += 1) deep = { level: deep };
    const { unreadable } = billedSpend(aReport([aPrice('nova', 'input', 1)], { robots: { deep } }));
    expect(unreadable).toHaveLength(1);
  });

  test('but not texts that describe a category, and not what is not there', () => {
    const completion = { title: 'Completion', models: { nova: { input: null, output: [] } } };
    const { unpriced, unreadable } = billedSpend(aReport([], { completion, chat: {} }));
    expect([unpriced, unreadable]).toEqual([[], []]);
  });
});

test.each<[string, MonthlyUsage['categories'], object]>([
  [
    'stored models',
    { fine_tuning: { training: {}, storage: { 'ft-small': 2, 'ft-large': 0 } } },
    { category: 'fine_tuning', billingMetric: 'ft-small', billingGroup: 'storage', value: 2 },
  ],
  [
    'a category that is an amount',
    { vibe_usage: 7, robots: 0 },
    { category: 'vibe_usage', billingMetric: '', billingGroup: 'vibe_usage', value: 7 },
  ],
  [
    'an amount in place of rows',
    { completion: { models: { 'nova-latest::nova': { input: 5 } } } },
    { category: 'completion', billingMetric: 'nova', billingGroup: 'input', value: 5 },
  ],
  [
    'a refund',
    { completion: models(aRow('nova', 'input', '-5')) },
    { category: 'completion', billingMetric: 'nova', billingGroup: 'input', value: -5 },
  ],
])('%s without a price is named as such', (_what, categories, row) => {
  const spend = billedSpend(aReport([], categories));
  expect(spend).toMatchObject({ totalNanos: 0, unreadable: [] });
  expect(spend.unpriced).toEqual([row]);
});

describe('a row that cannot be priced is reported, and the rest still counts', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>, number]>([
    ['no price', aRow('nova', 'input', 5), aPrice('other', 'input', 1), 5],
    ['no price for its group', aRow('nova', 'output', 5), aPrice('nova', 'input', 1), 5],
    [
      'a price for another event',
      aRow('nova', 'input', 5),
      aPrice('nova', 'input', 1, { event_type: 'vibe_tokens' }),
      5,
    ],
    [
      'a price for another zone',
      aRow('nova', 'input', 5, { api_zone: 'us' }),
      aPrice('nova', 'input', 1, { api_zone: 'eu' }),
      5,
    ],
    [
      'a price for another tier',
      aRow('nova', 'input', 5, { service_tier: 'priority' }),
      aPrice('nova', 'input', 1, { service_tier: 'standard' }),
      5,
    ],
    ['a price in words', aRow('nova', 'input', 5), aPrice('nova', 'input', 'free'), 5],
    ['a price below zero', aRow('nova', 'input', 5), aPrice('nova', 'input', '-1E-7'), 5],
    ['no end of a price', aRow('nova', 'input', 5), aPrice('nova', 'input', 'Infinity'), 5],
    [
      'a price that is not a number',
      aRow('nova', 'input', 5),
      aPrice('nova', 'input', Number.NaN),
      5,
    ],
    ['an empty price', aRow('nova', 'input', 5), aPrice('nova', 'input', null), 5],
  ])('%s', (_name, row, price, value) => {
    const spend = billedSpend(
      aReport([...SMALL_PRICES, price], {
        completion: models(aRow(SMALL, 'input', 1000)),
        vibe_code: { completion: models(row) },
      }),
    );
    expect(spend.totalNanos).toBe(150_000);
    expect(spend.unpriced).toEqual([
      {
        category: 'vibe_code.completion',
        billingMetric: 'nova',
        billingGroup: row.billing_group,
        value,
      },
    ]);
  });
});

describe('days', () => {
  function days(...timestamps: unknown[]): ReadonlyMap<string, number> {
    const rows = timestamps.map((timestamp) => aRow(SMALL, 'input', 1, { timestamp }));
    return billedSpend(aReport(SMALL_PRICES, { completion: models(...rows) })).nanosByDay;
  }
  test.each<[unknown, string | undefined]>([
    ['2026-11-14', '2026-11-14'],
    ['2026-11-14T23:59:59Z', '2026-11-14'],
    ['2026-11-14T23:59:59', '2026-11-14'],
    ['2026-11-14T23:30:00-01:00', '2026-11-15'],
    ['2026-11-14 23:30:00', '2026-11-14'],
    ['2026-13-45', undefined],
    ['yesterday', undefined],
    [1_700_000_000, undefined],
    [undefined, undefined],
  ])('a row of %j counts for %s', (timestamp, day) => {
    expect([...days(timestamp)]).toEqual(day === undefined ? [] : [[day, 150]]);
  });

  test('add up for themselves', () => {
    expect(days('2026-11-14', '2026-11-15', '2026-11-14')).toEqual(
      new Map([
        ['2026-11-14', 300],
        ['2026-11-15', 150],
      ]),
    );
  });
});

test('a total is the exact sum of its rows, rounded up once', () => {
  const lines = fc.array(
    fc.record({
      value: fc.nat(),
      mantissa: fc.nat(999_999),
      exponent: fc.integer({ min: -20, max: -1 }),
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(lines, (given) => {
      const rows = given.map(({ value }, at) => aRow(`m${at}`, 'input', value));
      const prices = given.map(({ mantissa, exponent }, at) =>
        aPrice(`m${at}`, 'input', `${mantissa}E${exponent}`),
      );
      const exact = given.reduce(
        (sum, { value, mantissa, exponent }) =>
          sum + BigInt(value) * BigInt(mantissa) * 10n ** BigInt(20 + exponent),
        0n,
      );
      const { totalNanos } = billedSpend(aReport(prices, { completion: models(...rows) }));
      expect(totalNanos).toBe(Number(exactCeiling(fraction(exact, 10n ** 11n))));
    }),
  );
});

test('no report makes a sum NaN', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.anything())),
      fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.anything())),
      fc.anything(),
      (prices, categories, odd) => {
        const row = aRow(SMALL, 'input', odd, { billing_group: odd, timestamp: odd });
        const { totalNanos } = billedSpend(
          aReport([...prices, aPrice(SMALL, 'input', odd)], {
            ...categories,
            completion: { models: { a: { b: [row, odd] } } },
          }),
        );
        expect(Number.isInteger(totalNanos)).toBe(true);
      },
    ),
  );
});
