import { expect, test } from 'vitest';
import {
  type ForecastTrial,
  figuresOf,
  simulateMonth,
  trialsOf,
} from '../../../bench/spend-forecast.js';
import { SPEND_PATTERNS } from '../../../testing/spend-months.js';
import { aPolicy } from '../../support/builders.js';

const FIRST_FIVE = [1, 2, 3, 4, 5];

test('on 200 months of eight patterns, at most one in twenty alerts for nothing, and 95 % of overruns have two days', () => {
  const policy = aPolicy();
  const trials = SPEND_PATTERNS.flatMap((pattern) => trialsOf(policy, pattern));
  expect(trials).toHaveLength(200);
  expect(figuresOf(trials).map(({ name, holds }) => [name, holds])).toEqual([
    ['forecast/months', true],
    ['forecast/false-alarms', true],
    ['forecast/two-days-notice', true],
  ]);
});

// A month takes seconds: `npm run bench` plays all 200.
test('forty of these months through simulate alert for nothing as seldom', async () => {
  const policy = aPolicy();
  const simulated: ForecastTrial[] = [];
  for (const trial of SPEND_PATTERNS.flatMap((pattern) => trialsOf(policy, pattern, FIRST_FIVE))) {
    simulated.push(await simulateMonth(policy, trial));
  }
  expect(simulated).toHaveLength(40);
  expect(figuresOf(simulated, 'simulated-forecast').filter(({ holds }) => !holds)).toEqual([]);
});

test('a month through simulate alerts as the spend monitor does', async () => {
  const policy = aPolicy();
  const [trial] = trialsOf(policy, 'growth', [2]);
  if (!trial) throw new Error('no month');
  const { alertAt } = await simulateMonth(policy, trial);
  expect(alertAt?.toISOString().slice(0, 13)).toBe(trial.alertAt?.toISOString().slice(0, 13));
  expect(alertAt).toBeDefined();
});
