import { expect, test } from 'vitest';
import { createLiveAccess } from '../../../governance/metering/live-access.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { aPolicy } from '../../support/builders.js';

const log = { info() {}, warn() {}, error() {} };

test('a list that could not be read is read again after a minute, a good one after an hour', async () => {
  const policy = aPolicy();
  let nowMs = 0;
  let asked = 0;
  const access = createLiveAccess({
    policy,
    priceBook: createPriceBook(policy),
    listModels: async () => {
      asked += 1;
      if (asked <= 2) throw new Error('down');
      return [];
    },
    nowMs: () => nowMs,
    log,
  });
  const askAt = async (seconds: number) => {
    nowMs = seconds * 1000;
    access.authorize('unknown', { model: 'm', maxTokens: 1 });
    await Promise.resolve();
    return asked;
  };

  await access.refresh();
  expect(await askAt(30)).toBe(1);
  expect(await askAt(61)).toBe(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await askAt(122)).toBe(3);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await askAt(122 + 3600)).toBe(3);
  expect(await askAt(122 + 3601)).toBe(4);
});
