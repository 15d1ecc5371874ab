import { type BatchBounds, BatchScan } from '../../../../governance/metering/batch/batch-bounds.js';
import type { LineRules } from '../../../../governance/metering/batch/batch-line.js';
import type { MeteredEndpoint } from '../../../../governance/metering/endpoints.js';
import { endpointOf } from '../../../../governance/metering/endpoints.js';
import type { Problem } from '../../../../governance/metering/problem.js';
import { createPriceBook } from '../../../../governance/prices/price-book.js';
import type { ModelPrices } from '../../../../governance/prices/rates.js';
import { aPolicy } from '../../../support/builders.js';
import { accessTo } from '../../../support/gateway-fakes.js';
import { session } from '../../../support/gateway-world.js';

export const MODEL = 'mistral-small-2603';
export const LINE_BYTES = 1024 * 1024;
const policy = aPolicy();
export const PRICES = createPriceBook(policy).pricesOf(MODEL) as ModelPrices;

export function rulesFor(path = '/v1/chat/completions', modelId = MODEL): LineRules {
  return {
    endpoint: endpointOf('POST', path) as MeteredEndpoint,
    callerArn: session('developer'),
    modelId,
    access: accessTo(policy),
    passUnknownFields: false,
  };
}

/** Scans files, each in chunks of so many bytes. */
export function scan(
  files: readonly (string | Buffer)[],
  { path = '/v1/chat/completions', modelId = MODEL, chunkBytes = 1 << 16 } = {},
): BatchBounds | Problem {
  const scanned = new BatchScan(rulesFor(path, modelId), PRICES, LINE_BYTES, 7);
  for (const [at, content] of files.entries()) {
    const file = scanned.file(`input_files[${at}]`);
    const bytes = Buffer.from(content);
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      file.see(bytes.subarray(from, from + chunkBytes));
    }
    file.end();
  }
  return scanned.result;
}

export const aBody = (more: object = {}) => ({
  max_tokens: 10,
  messages: [{ role: 'user', content: 'Which cheese?' }],
  ...more,
});

export const aLine = (body: unknown = aBody(), id: unknown = 'a', more: object = {}) =>
  JSON.stringify({ custom_id: id, body, ...more });
