import { describe, expect, test } from 'vitest';
import { judgeModels } from '../../../governance/audit/model-drift.js';
import {
  judgeRateLimit,
  judgeSpendLimit,
  judgeWorkspaces,
} from '../../../governance/audit/policy-drift.js';
import type { MistralModel } from '../../../governance/mistral/mistral.js';
import type { SpendLimit } from '../../../governance/mistral/mistral-limits.js';
import { NOW } from '../../support/audit-builders.js';
import { aPolicy } from '../../support/builders.js';

const policy = aPolicy();
const listed = policy.workspaces.map(({ id, name }) => ({ id, name }));

function aModel(
  id: string,
  aliases: string[] = [],
  change: Partial<MistralModel> = {},
): MistralModel {
  return {
    id,
    aliases,
    contextTokens: undefined,
    deprecatedAt: undefined,
    replacement: undefined,
    ...change,
  };
}

const models = [
  aModel('mistral-small-2603', ['mistral-small-latest']),
  aModel('mistral-large-2512', ['mistral-large-latest']),
  aModel('codestral-2508', ['codestral-latest']),
  aModel('mistral-embed-2312', ['mistral-embed']),
];

describe('workspaces', () => {
  test('as the policy names them are no drift', () => {
    expect(judgeWorkspaces(policy, [...listed, { id: 'other', name: 'other' }], NOW)).toEqual([]);
  });

  test('that Mistral does not list or has renamed are', () => {
    const [dev, , prod] = listed;
    const renamed = [{ ...dev, id: dev?.id ?? '', name: 'sandbox' }, ...(prod ? [prod] : [])];
    expect(judgeWorkspaces(policy, renamed, NOW)).toMatchObject([
      { subject: 'dev-workspace', summary: expect.stringContaining('"sandbox"') },
      { subject: 'ml-workspace', summary: expect.stringContaining('archived') },
    ]);
  });
});

test.each([
  [9, []],
  [8, ['prod-workspace']],
  [500 / 60, []],
  [1, ['ml-workspace', 'prod-workspace']],
])('at %d requests/s the policy allows too much to %j', (rate, names) => {
  expect(judgeRateLimit(policy, rate, NOW).map(({ subject }) => subject)).toEqual(names);
});

describe('the spend limit at Mistral', () => {
  // The shipped budgets are 50 + 500 + 2000 USD a month.
  test.each<[string, Partial<SpendLimit>, string | undefined]>([
    ['that leaves room for all budgets is no drift', { limit: 2550 }, undefined],
    ['below the budgets together is', { limit: 2549.99 }, 'warning'],
    ['that is reached rejects every key', { limit: 5000, reached: true }, 'critical'],
    ['is none', { limit: undefined }, undefined],
  ])('%s', (_name, change, severity) => {
    const spendLimit: SpendLimit = {
      reached: false,
      usage: 1,
      totalUsage: 1,
      limit: 1,
      currency: 'USD',
      lastPaymentFailed: false,
      ...change,
    };
    const found = judgeSpendLimit(policy, spendLimit, NOW);
    expect(found.map((finding) => finding.severity)).toEqual(severity ? [severity] : []);
    if (severity) {
      expect(found[0]?.evidence.policy).toBe('2550.00 USD a month over all workspaces');
    }
  });
});

describe('models', () => {
  test('that resolve as before are no drift', () => {
    const { resolutions } = judgeModels(policy, models, {}, NOW);
    expect(resolutions).toEqual({
      'mistral-small-latest': 'mistral-small-2603',
      'mistral-large-latest': 'mistral-large-2512',
      'codestral-latest': 'codestral-2508',
      'mistral-embed': 'mistral-embed-2312',
    });
    expect(judgeModels(policy, models, resolutions, NOW)).toEqual({ findings: [], resolutions });
  });

  test('whose alias moved are reported with what it was and is', () => {
    const before = { 'codestral-latest': 'codestral-2501' };
    expect(judgeModels(policy, models, before, NOW).findings).toMatchObject([
      {
        id: 'model-drift#moved#codestral-latest',
        workspace: 'dev-workspace',
        evidence: {
          was: 'codestral-2501',
          is: 'codestral-2508',
          usedBy: 'workspace dev-workspace, role developer, role senior',
        },
      },
    ]);
  });

  test('that are gone are reported, and what they stood for is kept', () => {
    const before = { 'mistral-embed': 'mistral-embed-2312' };
    const verdict = judgeModels(policy, models.slice(0, 3), before, NOW);
    expect(verdict.findings).toMatchObject([
      { id: 'model-drift#gone#mistral-embed', workspace: 'organization', severity: 'warning' },
    ]);
    expect(verdict.resolutions).toMatchObject(before);
  });

  test('that are deprecated are reported with the date and the replacement', () => {
    const end = { deprecatedAt: new Date('2026-12-01T00:00:00Z'), replacement: 'codestral-2611' };
    const ending = models.map((model) =>
      model.id === 'codestral-2508' ? { ...model, ...end } : model,
    );
    expect(judgeModels(policy, ending, {}, NOW).findings).toMatchObject([
      {
        id: 'model-drift#deprecated#codestral-latest',
        evidence: { deprecated: '2026-12-01', replacement: 'codestral-2611' },
      },
    ]);
  });

  test.each([
    ['listed as a model of its own', [aModel('mistral-embed', ['mistral-embed-2312'])]],
    [
      'listed both ways',
      [
        aModel('mistral-embed', ['mistral-embed-2312']),
        aModel('mistral-embed-2312', ['mistral-embed']),
      ],
    ],
  ])('an alias %s resolves to its dated release', (_name, embed) => {
    const { resolutions } = judgeModels(policy, [...models.slice(0, 3), ...embed], {}, NOW);
    expect(resolutions['mistral-embed']).toBe('mistral-embed-2312');
  });

  test('a dated release stands for itself, whatever its aliases', () => {
    const pinned = aPolicy((document) => {
      document.workspaces[0].models = ['codestral-2508'];
    });
    const { resolutions } = judgeModels(
      pinned,
      [aModel('codestral-2508', ['codestral-2501'])],
      {},
      NOW,
    );
    expect(resolutions['codestral-2508']).toBe('codestral-2508');
  });
});
