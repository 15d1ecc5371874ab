import { expect, test } from 'vitest';
import {
  judgePriceDrift,
  judgeUnknownPrices,
  NO_PRICE_FACTS,
  type PriceFacts,
} from '../../../governance/audit/price-findings.js';
import { readPriceReport, withReport } from '../../../governance/prices/billed-prices.js';
import { aPolicy } from '../../support/builders.js';
import { aPrice } from '../../support/usage-reports.js';

const NOW = new Date('2026-11-28T02:00:00Z');
const models = ['mistral-small-2603', 'mistral-huge-2612', 'mistral-vast-2612'].map((id) => ({
  id,
  aliases: [id.replace(/\d{4}$/, 'latest')],
  contextTokens: undefined,
  deprecatedAt: undefined,
  replacement: undefined,
}));

/** `dev-workspace` may use three models, of which Mistral lists two. */
function findings(prices: object = {}, facts: PriceFacts = NO_PRICE_FACTS) {
  const policy = aPolicy((document) => {
    document.workspaces[0].models = ['mistral-small-latest', 'mistral-huge-latest', 'mistral-gone'];
    document.prices = prices;
  });
  return judgeUnknownPrices(policy, models, facts, NOW);
}

test('a model of the policy without a price is found, with the lines to paste', () => {
  expect(findings()).toEqual([
    {
      id: 'unknown-price#model#mistral-huge-2612',
      type: 'unknown-price',
      severity: 'warning',
      subject: 'mistral-huge-2612',
      workspace: 'organization',
      summary: 'No price is known: its requests are charged as the most expensive model.',
      evidence: { unknownModel: 'most-expensive' },
      since: '2026-11-28',
      nextStep:
        'Add the model\'s prices per million tokens in USD to governance.yaml, then deploy: prices: { models: { "mistral-huge-2612": { inputPerMillionTokens: …, cachedPerMillionTokens: …, outputPerMillionTokens: … } } }',
      nextCommand: 'npx cdk deploy --all',
    },
  ]);
});

test('one that is rejected for it is found, too', () => {
  expect(findings({ unknownModel: 'refuse' }).map(({ summary }) => summary)).toEqual([
    'No price is known: its requests are refused (model_not_priced).',
  ]);
});

test('one that the policy prices is not', () => {
  const models = { 'mistral-huge-2612': { inputPerMillionTokens: 2 } };
  expect(findings({ models })).toEqual([]);
});

/** What a report says: `large` costs more than in the price book, `huge` has a price there alone. */
const REPORTED = readPriceReport(
  [
    aPrice('mistral-large-2512', 'input', '7.0E-7'),
    aPrice('mistral-large-2512', 'output', 0.0000015),
    aPrice('mistral-small-2603', 'input', '1.5E-7'),
    aPrice('mistral-huge-2612', 'input', '2E-6'),
    aPrice('mistral-huge-2612', 'cached', '2E-7'),
    aPrice('mistral-huge-2612', 'output', '6E-6'),
  ],
  'https://api.mistral.ai',
).models;

const facts = (change: Partial<PriceFacts> = {}): PriceFacts => ({
  ...NO_PRICE_FACTS,
  prices: REPORTED,
  ...change,
});

test('a model that a role uses through "*" is found where the report has its use, with its prices', () => {
  const used = new Set(['mistral-vast-2612', 'mistral-small-2603', 'mistral-huge-2612']);
  const found = judgeUnknownPrices(aPolicy(), [], facts({ used }), NOW);
  expect(found.map(({ subject, nextStep }) => [subject, nextStep])).toEqual([
    [
      'mistral-huge-2612',
      'Add the prices that Mistral bills in USD to governance.yaml, then deploy: prices: { models: { "mistral-huge-2612": { inputPerMillionTokens: 2, cachedPerMillionTokens: 0.2, outputPerMillionTokens: 6 } } }',
    ],
    ['mistral-vast-2612', expect.stringContaining('inputPerMillionTokens: …')],
  ]);
});

test('one that the bill prices is not found where the bill counts', () => {
  const published = withReport(undefined, { models: REPORTED }, 'USD', '2026-11-28');
  const used = new Set(['mistral-huge-2612']);
  expect(findings({ source: 'bill' }, facts({ used, published }))).toEqual([]);
  expect(findings({}, facts({ used })).map(({ subject }) => subject)).toEqual([
    'mistral-huge-2612',
  ]);
});

function drift(prices: object = {}) {
  const policy = aPolicy((document) => {
    document.prices = prices;
  });
  return judgePriceDrift(policy, facts(), NOW);
}

test('a price of the book that Mistral does not bill is found, with both figures and the lines', () => {
  expect(drift()).toEqual([
    {
      id: 'price-drift#model#mistral-large-2512',
      type: 'price-drift',
      severity: 'warning',
      subject: 'mistral-large-2512',
      workspace: 'organization',
      summary:
        'Mistral bills other prices than the price book: inputPerMillionTokens 0.7, outputPerMillionTokens 1.5, not inputPerMillionTokens 0.5, outputPerMillionTokens 1.5.',
      evidence: {
        bill: 'inputPerMillionTokens 0.7, outputPerMillionTokens 1.5',
        priceBook: 'inputPerMillionTokens 0.5, outputPerMillionTokens 1.5',
        currency: 'USD',
      },
      since: '2026-11-28',
      nextStep:
        'Check the bill, add the prices in USD in governance.yaml, then deploy: prices: { models: { "mistral-large-2512": { from: 2026-11-28, inputPerMillionTokens: 0.7, cachedPerMillionTokens: 0.05, outputPerMillionTokens: 1.5 } } }',
      nextCommand: 'npx cdk deploy --all',
    },
  ]);
});

test('the lines to paste end the finding', () => {
  const pasted = { from: '2026-11-28', inputPerMillionTokens: 0.7, outputPerMillionTokens: 1.5 };
  expect(drift({ models: { 'mistral-large-2512': pasted } })).toEqual([]);
});

test('a price of the policy is compared, too, and its lines become a change', () => {
  const [found] = drift({
    models: {
      'mistral-large-2512': { inputPerMillionTokens: 0.7, outputPerMillionTokens: 1.5 },
      'mistral-small-2603': { inputPerMillionTokens: 0.1 },
    },
  });
  expect(found).toMatchObject({
    subject: 'mistral-small-2603',
    evidence: { bill: 'inputPerMillionTokens 0.15', policy: 'inputPerMillionTokens 0.1' },
    nextStep: expect.stringContaining('{ …, changes: [{ from: 2026-11-28, input'),
  });
});

test('where the bill counts, only lines of the policy that do not are found', () => {
  expect(drift({ source: 'bill' })).toEqual([]);
  const models = { 'mistral-large-2512': { inputPerMillionTokens: 0.4 } };
  expect(
    drift({ source: 'bill', models }).map(({ subject, nextStep }) => [subject, nextStep]),
  ).toEqual([
    [
      'mistral-large-2512',
      "Remove the lines of mistral-large-2512 from prices.models in governance.yaml, since the bill's prices count, then deploy",
    ],
  ]);
});

test('what Mistral rounds is no difference', () => {
  const models = readPriceReport(
    [aPrice('voxtral-mini-transcribe-3', 'input', '5.83E-5', { event_type: 'api_audio_seconds' })],
    'https://api.mistral.ai',
  ).models;
  expect(judgePriceDrift(aPolicy(), { prices: models }, NOW)).toEqual([]);
});
