import { describe, expect, test } from 'vitest';
import type { Workspace } from '../../../governance/policy/policy.js';
import { quotasOf } from '../../../governance/quotas/workspace-quotas.js';
import { aPolicy } from '../../support/builders.js';

interface Setting {
  readonly currency?: 'USD' | 'EUR';
  readonly budgets?: Workspace['budgets'];
  readonly quotaShards?: number;
  readonly requestsPerMinute?: number;
}

function quotas({ currency = 'USD', ...workspace }: Setting) {
  const policy = aPolicy((document) => {
    document.mistral = { currency };
    document.workspaces = [{ ...document.workspaces[2], overflowTo: [], ...workspace }];
    document.callers = [];
  });
  return quotasOf(policy, policy.workspaces[0] as Workspace);
}

test('a workspace has a quota of requests and one for each of its budgets', () => {
  const of = {
    scope: 'workspace#prod-workspace',
    countedAs: 'workspace#6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a03',
  };
  expect(quotas({})).toEqual([
    { ...of, unit: 'requests', window: 'minute', limit: 500, shards: 1 },
    { ...of, unit: 'usd', window: 'hour', limit: 50_000_000_000, shards: 1 },
    { ...of, unit: 'usd', window: 'day', limit: 200_000_000_000, shards: 1 },
    { ...of, unit: 'usd', window: 'month', limit: 2_000_000_000_000, shards: 1 },
  ]);
});

test('a workspace without budgets has a quota of requests only', () => {
  expect(quotas({ budgets: {} }).map(({ unit }) => unit)).toEqual(['requests']);
});

test('budgets in EUR are counted in EUR', () => {
  expect(quotas({ currency: 'EUR', budgets: { monthlyEur: 12.5 } })[1]).toMatchObject({
    unit: 'eur',
    window: 'month',
    limit: 12_500_000_000,
  });
});

describe('a budget is its decimal in whole nano-units', () => {
  test.each([
    [0.57, 570_000_000],
    [8.2, 8_200_000_000],
    [1.000000001, 1_000_000_001],
    [1.0000000019, 1_000_000_001],
    [9e6, 9_000_000_000_000_000],
    [0.01, 10_000_000],
  ])('%d', (monthlyUsd, limit) => {
    expect(quotas({ budgets: { monthlyUsd } })[1]?.limit).toBe(limit);
  });
});

test('shards split every quota, none of them below one request', () => {
  const sharded = quotas({ quotaShards: 8, requestsPerMinute: 3, budgets: { monthlyUsd: 1 } });
  expect(sharded.map(({ shards }) => shards)).toEqual([3, 8]);
});
