import { expect, test } from 'vitest';
import { createTariff } from '../../../governance/metering/tariff.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { aPolicy } from '../../support/builders.js';
import { aDemand } from '../../support/client-demand.js';

const tariff = createTariff(
  createPriceBook(
    aPolicy((document) => {
      document.prices = {
        models: { 'mistral-ocr-4-1': { perThousandPages: 2, perThousandAnnotatedPages: 5 } },
      };
    }),
  ),
);

function ocr(annotated: boolean) {
  const { grant, ...demand } = aDemand({
    promptTokens: 0,
    completionTokens: 0,
    pages: 10,
    annotated,
  });
  return { ...demand, grant: { ...grant, modelId: 'mistral-ocr-4-1' } };
}

test.each([
  ['only pages', false, 20_000_000],
  ['annotated pages', true, 50_000_000],
])('OCR of %s is bounded and charged at their price', (_name, annotated, nanos) => {
  expect(tariff.bound(ocr(annotated))).toBe(nanos);
  expect(tariff.charge(ocr(annotated), { pages_processed: 10 })?.cost).toBe(nanos);
  expect(tariff.charge(ocr(annotated), { pages_processed: 20 })?.cost).toBe(2 * nanos);
});
