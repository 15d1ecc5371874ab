import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withCosts } from '../bin/readme-costs.js';
import { alarmsOf } from './support/alarms.js';
import { aPolicy } from './support/builders.js';
import { synthesize } from './support/synth.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

test('the readme has the costs of the shipped policy', () => {
  expect(readme).toBe(withCosts(readme, aPolicy()));
});

test('an alarm is on one metric, for which alone CloudWatch charges', () => {
  for (const { name, properties } of alarmsOf(synthesize().template)) {
    const { Metrics = [{ MetricStat: properties }] } = properties;
    const read = (Metrics as object[]).filter((part) => 'MetricStat' in part);
    expect(read, name).toHaveLength(1);
  }
});
