import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withCosts } from '../bin/costs-page.js';
import { sumOf } from '../cli/costs/costs.js';
import { outlookOf } from '../cli/costs/outlook.js';
import { alarmsOf } from './support/alarms.js';
import { aPolicy } from './support/builders.js';
import { synthesize } from './support/synth.js';

const root = join(import.meta.dirname, '..');

test('the page has the costs of the shipped policy', () => {
  const page = readFileSync(join(root, 'docs/costs.md'), 'utf8');
  expect(page).toBe(withCosts(page, aPolicy()));
});

test('the readme has both sums in whole dollars', () => {
  const { monthly, millionRequests } = outlookOf(aPolicy());
  const [month, million] = [monthly, millionRequests].map((costs) =>
    (sumOf(costs) / 100).toFixed(0),
  );
  const readme = readFileSync(join(root, 'README.md'), 'utf8').replaceAll('\n', ' ');
  expect(readme).toContain(
    `about ${month} USD a month, and ${million} for a first million requests`,
  );
});

test('an alarm is on one metric, for which alone CloudWatch charges', () => {
  for (const { name, properties } of alarmsOf(synthesize().template)) {
    const { Metrics = [{ MetricStat: properties }] } = properties;
    const read = (Metrics as object[]).filter((part) => 'MetricStat' in part);
    expect(read, name).toHaveLength(1);
  }
});
