import { expect, test } from 'vitest';
import { figuresOf, trialsOf } from '../../../bench/spend-forecast.js';
import { SPEND_PATTERNS } from '../../../testing/spend-months.js';
import { aPolicy } from '../../support/builders.js';

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
