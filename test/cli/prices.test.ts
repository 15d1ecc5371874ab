import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { policyDocument } from '../support/builders.js';
import { documentOf, runCli } from './run-cli.js';

test('prices lists every price with its day and source', async () => {
  const run = await runCli(['prices', '--json']);
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
  const { currency, list, prices } = documentOf(run) as {
    currency: string;
    list: { publishedOn: string; newerModelsOf: string };
    prices: { model: string; from?: string }[];
  };
  expect([currency, list.publishedOn, list.newerModelsOf]).toEqual([
    'USD',
    '2026-08-21',
    '2026-11-28',
  ]);
  const large = prices.filter(({ model }) => model === 'mistral-large-4');
  expect(large.map(({ from }) => from)).toEqual(['2026-10-06', '2026-10-20', '2026-10-29']);
  expect(large[2]).toMatchObject({
    source: 'list',
    prices: {
      inputPerMillionTokens: 0.7,
      cachedPerMillionTokens: 0.07,
      outputPerMillionTokens: 2.1,
    },
  });
});

test('prices of the policy are named as such, from their day on', async () => {
  const document = policyDocument();
  document.prices = {
    models: { 'mistral-small-2603': { from: '2026-12-01', inputPerMillionTokens: 0.1 } },
  };
  const path = join(mkdtempSync(join(tmpdir(), 'prices-')), 'governance.yaml');
  writeFileSync(path, stringify(document));
  const { stdout } = await runCli(['prices', '--policy', path]);
  const rows = stdout.split('\n').filter((line) => line.startsWith('mistral-small-2603'));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/0\.15 +0\.015 +0\.6 +list +https:/);
  expect(rows[1]).toMatch(/2026-12-01 +0\.1 +0\.01 +policy +the policy$/);
});
