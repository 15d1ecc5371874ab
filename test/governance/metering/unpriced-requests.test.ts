import { expect, test } from 'vitest';
import type { Demand } from '../../../governance/metering/demand.js';
import type { Tariff } from '../../../governance/metering/tariff.js';
import { noticeUnpriced } from '../../../governance/metering/unpriced-requests.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { aPolicy } from '../../support/builders.js';

test('each request without a price counts once, and each such model is logged once a day', () => {
  const counted: string[] = [];
  const logged: unknown[] = [];
  let at = '2026-11-28T23:59:00Z';
  const free: Tariff = { pricesOf: () => undefined, bound: () => 0, charge: () => undefined };
  const tariff = noticeUnpriced(free, createPriceBook(aPolicy()), {
    log: { info() {}, error() {}, warn: (_message, context) => void logged.push(context) },
    nowMs: () => new Date(at).getTime(),
    count: (workspace) => void counted.push(workspace),
  });
  const aDemand = (modelId: string) =>
    ({ grant: { modelId, workspace: 'dev-workspace' } }) as Demand;

  const first = aDemand('mistral-huge-2612');
  tariff.bound(first);
  tariff.bound({ ...first, promptTokens: 1 }); // as after an answer that broke off
  tariff.bound(aDemand('mistral-huge-2612'));
  tariff.bound(aDemand('mistral-small-2603'));
  at = '2026-11-29T00:00:00Z';
  tariff.bound(aDemand('mistral-huge-2612'));

  expect(counted).toEqual(Array(3).fill('dev-workspace'));
  expect(logged).toEqual(Array(2).fill({ model: 'mistral-huge-2612', workspace: 'dev-workspace' }));
});
