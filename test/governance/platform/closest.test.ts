import { expect, test } from 'vitest';
import { closest } from '../../../governance/platform/closest.js';

const FIELDS = ['requestsPerMinute', 'models', 'monthlyUsd', 'dailyUsd', 'name', 'runbookUrl'];

test.each([
  ['requestPerMinute', 'requestsPerMinute'],
  ['monthlyUSD', 'monthlyUsd'],
  ['model', 'models'],
  ['runbook', 'runbookUrl'],
  ['nam', 'name'],
  ['names', 'name'],
  ['nome', 'name'],
  ['team', undefined],
  ['weeklyUsd', undefined],
  ['', undefined],
])('%j was probably meant as %j', (name, meant) => {
  expect(closest(name, FIELDS)).toBe(meant);
});
