import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { policyDocument } from '../support/builders.js';
import { openCliWorld } from './cli-world.js';
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

const PUBLISHED = {
  version: 1,
  currency: 'USD',
  readOn: '2026-11-24',
  models: {
    'mistral-large-2512': {
      seenOn: '2026-11-24',
      prices: [{ from: '2026-11-20', units: { inputToken: '700/1' } }],
    },
  },
};

const DEPLOYED = { QuotaTableName: 'quotas', RetirementStateMachineArn: 'arn:aws:states:local' };

async function billedPrices(entry: unknown, outputs?: Readonly<Record<string, string>>) {
  const item = { pk: { S: 'prices' }, sk: { S: 'bill' }, entry: { S: JSON.stringify(entry) } };
  const world = await openCliWorld({
    outputs,
    change: (document) => {
      document.prices = { source: 'bill' };
    },
    operations: { GetItem: () => (entry ? { Item: item } : {}) },
  });
  return world.run(['prices']);
}

test("prices of the bill are listed with their day and the report's", async () => {
  const run = await billedPrices(PUBLISHED, DEPLOYED);
  expect([run.status, run.stderr]).toEqual([0, '']);
  const rows = run.stdout.split('\n').filter((line) => line.startsWith('mistral-large-2512'));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/ 0\.5 .* list /);
  expect(rows[1]).toMatch(
    /2026-11-20 +0\.7 +0\.05 +1\.5 +bill +Mistral's usage report, read on 2026-11-24/,
  );
});

test.each<[string, unknown, string]>([
  ['are not published', undefined, 'no audit has published the prices of the bill yet'],
  ['are not readable', { version: 2 }, 'the prices of the bill could not be read'],
  [
    'are old',
    { ...PUBLISHED, readOn: '2026-11-15' },
    'the bill was last read on 2026-11-15: the higher of bill and price book counts',
  ],
])('where they %s, it says so and exits with 1', async (_what, entry, problem) => {
  const run = await billedPrices(entry, DEPLOYED);
  expect(run.stdout).toContain(problem);
  expect(run.stdout).toContain('mistral-small-2603');
  expect(run.status).toBe(1);
});

test('where nothing is deployed, it lists the price book and says why', async () => {
  const run = await billedPrices(PUBLISHED);
  expect(run.stdout).toContain('stack MistralGovernance does not exist');
  expect(run.status).toBe(1);
});
