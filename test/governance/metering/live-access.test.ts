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

test('an outage is logged once, then with growing gaps, and once when it is over', async () => {
  const policy = aPolicy();
  let nowMs = 0;
  let isDown = true;
  const lines: string[] = [];
  const line = (message: string, fields?: Record<string, unknown>) =>
    void lines.push(`${nowMs / 1000} s: ${message} ${fields?.forSeconds ?? fields?.afterSeconds}`);
  const access = createLiveAccess({
    policy,
    priceBook: createPriceBook(policy),
    listModels: async () => {
      if (isDown) throw new Error('down');
      return [];
    },
    nowMs: () => nowMs,
    log: { info: line, warn: line, error: line },
  });

  // As a process that is not ready asks.
  for (; nowMs < 600_000; nowMs += 1000) await access.refresh();
  isDown = false;
  await access.refresh();
  await access.refresh();
  isDown = true;
  nowMs = 700_000;
  await access.refresh();

  expect(lines).toEqual([
    '0 s: models not listed 0',
    '60 s: models not listed 60',
    '180 s: models not listed 180',
    '420 s: models not listed 420',
    '600 s: models listed again 600',
    '700 s: models not listed 0',
  ]);
});
