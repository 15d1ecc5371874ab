import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { METRICS } from '../governance/platform/metrics.js';
import { FINDING_TYPES } from '../governance/policy/finding-types.js';
import { plannedKeys } from '../governance/policy/planned-keys.js';
import { alarmsOf } from './support/alarms.js';
import { aPolicy } from './support/builders.js';
import { synthesize } from './support/synth.js';

const page = readFileSync(join(import.meta.dirname, '../docs/costs.md'), 'utf8');
const [monthly = '', requests = ''] = page.split('**A million requests');
const rows = rowsOf(monthly);
const row = (what: string) => rows.find(([, first]) => first === what) ?? [];
const policy = aPolicy();
const alarms = alarmsOf(synthesize().template);

test('the page counts the alarms that the shipped policy makes', () => {
  const combined = alarms.filter(({ properties }) => 'AlarmRule' in properties).length;
  const single = alarms.length - combined;
  const price = (single * 0.1 + combined * 0.5).toFixed(2);
  expect(row('alarms')).toEqual([
    '',
    'alarms',
    `${single} alarms × 0.10; ${combined} composite alarms × 0.50`,
    price,
    '',
  ]);
});

test('an alarm is on one metric, for which alone CloudWatch charges', () => {
  for (const { name, properties } of alarms) {
    const { Metrics = [{ MetricStat: properties }] } = properties;
    const read = (Metrics as object[]).filter((part) => 'MetricStat' in part);
    expect(read, name).toHaveLength(1);
  }
});

test('the page counts the metrics of audit and spend', () => {
  const ofAll = Object.values(METRICS).filter(
    ({ unit, dimensions: [first] }) => first === 'workspace' && unit !== 'Percent',
  ).length;
  const ofSpend = Object.keys(METRICS).filter((name) => name.endsWith('Spend')).length;
  const [workspaces, types] = [policy.workspaces.length, FINDING_TYPES.length];
  const values = ofAll - ofSpend + workspaces + types + 3;
  expect(row('metrics of audit, rotations, retirements')[2]).toContain(
    `${ofAll - ofSpend} + ${workspaces} workspaces + ${types} types + 3 severities = ${values} values`,
  );
  const budgets = policy.workspaces.flatMap((one) => Object.values(one.budgets)).length;
  expect(row('metrics of spend')[2]).toContain(`${budgets} budgets × spend and percent`);
});

test('the page counts the secrets', () => {
  const ofGateway = plannedKeys(policy).filter(({ key }) => key.name === 'gateway').length;
  const others = plannedKeys(policy).length - ofGateway;
  expect(row('secrets')[2]).toContain(
    `${others} keys + ${ofGateway} of the gateway + the admin key = ${others + ofGateway + 1} ×`,
  );
});

test.each([
  ['a month', monthly],
  ['a million requests', requests],
])('the sum of %s is the sum of its rows', (_of, table) => {
  const prices = pricesOf(table);
  const sum = prices.slice(0, -1).reduce((total, price) => total + price, 0);
  expect(sum.toFixed(2)).toBe(prices.at(-1)?.toFixed(2));
});

test('the readme has both sums in whole dollars', () => {
  const [month, million] = [monthly, requests].map((table) =>
    Math.round(pricesOf(table).at(-1) ?? 0),
  );
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8').replaceAll(
    '\n',
    ' ',
  );
  expect(readme).toContain(
    `about ${month} USD a month, and ${million} for a first million requests`,
  );
});

function rowsOf(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => /^\| (?!What|-)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

function pricesOf(table: string): number[] {
  return rowsOf(table).map(([, , , price = '']) => Number.parseFloat(price.replaceAll('*', '')));
}
