import { expect, test } from 'vitest';
import type { Demand, Hold, Used } from '../../../governance/metering/metering.js';
import { createQuotaMetering, type Tariff } from '../../../governance/metering/quota-metering.js';
import { aPolicy } from '../../support/builders.js';
import { fakeQuotas, fakeTariff } from '../../support/gateway-fakes.js';

const DAILY = { principal: 'c', limit: 100_000 };

function aDemand(change: Partial<Demand> = {}): Demand {
  return {
    grant: {
      kind: 'allow',
      workspace: 'prod-workspace',
      role: 'senior',
      modelId: 'mistral-small-2603',
      maxTokens: 100,
      dailyTokens: DAILY,
    },
    promptTokens: 50,
    likelyPromptTokens: 20,
    completionTokens: 100,
    pages: 0,
    audioSeconds: 0,
    priority: false,
    annotated: false,
    ...change,
  };
}

async function reserved(tariff: Tariff = fakeTariff, demand = aDemand()) {
  const quotas = fakeQuotas();
  const metering = createQuotaMetering(aPolicy(), quotas, tariff);
  return { quotas, hold: (await metering.reserve(demand)) as Hold };
}

const MONEY = ['hour', 'day', 'month'].map((window) => `workspace#prod-workspace usd ${window}`);

test('a request claims itself, its cost in every budget, and its tokens', async () => {
  const { quotas } = await reserved();
  expect(quotas.reserved()).toBe(1 + 3 * (50 + 2 * 100) + 150);
});

test.each<[string, Used, number, number]>([
  ['measured', { kind: 'measured', usage: { prompt_tokens: 9, completion_tokens: 4 } }, 17, 13],
  [
    'estimated',
    { kind: 'estimated', promptTokens: 20, completionTokens: 5, pages: 0, audioSeconds: 0 },
    30,
    25,
  ],
  ['nothing', { kind: 'nothing' }, 0, 0],
  ['measured, but not to be read', { kind: 'measured', usage: { prompt_tokens: 'x' } }, 250, 150],
])('use %s is settled in every quota', async (_name, used, cost, tokens) => {
  const { quotas, hold } = await reserved();

  hold.settle(used);

  expect(quotas.settled('workspace#prod-workspace requests minute')).toBe(1);
  expect(MONEY.map((name) => quotas.settled(name))).toEqual([cost, cost, cost]);
  expect(quotas.settled('caller#c tokens day')).toBe(tokens);
  expect(quotas.reserved()).toBe(0);
});

test('a model without a price is not let through', async () => {
  const { quotas, hold } = await reserved({ ...fakeTariff, bound: () => undefined });
  expect(hold).toEqual({ kind: 'unpriced' });
  expect(quotas.reserved()).toBe(0);
});

test('a budget is the same quota for every request', async () => {
  const quotas = fakeQuotas();
  const seen = new Set<unknown>();
  const metering = createQuotaMetering(
    aPolicy(),
    {
      reserve(claims) {
        for (const { quota } of claims) seen.add(quota);
        return quotas.reserve(claims);
      },
    },
    fakeTariff,
  );

  for (let i = 0; i < 10; i += 1) await metering.reserve(aDemand());

  expect(seen.size).toBe(5);
});
