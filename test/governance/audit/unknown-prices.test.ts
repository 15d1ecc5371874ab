import { expect, test } from 'vitest';
import { judgePrices } from '../../../governance/audit/unknown-prices.js';
import { aPolicy } from '../../support/builders.js';

const NOW = new Date('2026-11-28T02:00:00Z');
const models = ['mistral-small-2603', 'mistral-huge-2612', 'mistral-vast-2612'].map((id) => ({
  id,
  aliases: [id.replace(/\d{4}$/, 'latest')],
  contextTokens: undefined,
  deprecatedAt: undefined,
  replacement: undefined,
}));

/** `dev-workspace` may use three models, of which Mistral lists two. */
function findings(prices: object = {}) {
  const policy = aPolicy((document) => {
    document.workspaces[0].models = ['mistral-small-latest', 'mistral-huge-latest', 'mistral-gone'];
    document.prices = prices;
  });
  return judgePrices(policy, models, NOW);
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
