import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../governance/platform/utc-day.js';
import {
  countText,
  durationText,
  instantText,
  listText,
  moneyText,
  percentOf,
  quoted,
  spentText,
  wrapped,
} from '../../../governance/platform/wording.js';

const SECOND_MS = 1_000;

test.each([
  [412_370_000_000, '412.37 USD'],
  [0, '0.00 USD'],
  [1_500_000, '0.0015 USD'],
  [-2_000_000_000, '-2.00 USD'],
])('%d nano-units of money are %s', (nanos, text) => {
  expect(moneyText(nanos, 'USD')).toBe(text);
});

test('spend is a percentage and both amounts, and never rounded up to 100 %', () => {
  expect(spentText(28_420_000_000, 50_000_000_000, 'EUR')).toBe('56 % (28.42 of 50.00 EUR)');
  expect(percentOf(99_999, 100_000)).toBe(99);
  expect(percentOf(9e15 - 1, 9e15)).toBe(99);
});

test.each([
  [0, 0],
  [1, 100],
])('of a limit of nothing, %d nano-dollars are %d %%', (nanos, percent) => {
  expect(percentOf(nanos, 0)).toBe(percent);
});

test.each([
  [0, 'key', '0 keys'],
  [1, 'key', '1 key'],
  [1_204, 'key', '1,204 keys'],
])('%d %s is worded %s', (count, thing, text) => {
  expect(countText(count, thing)).toBe(text);
});

test('a plural that needs more than an s is given', () => {
  expect(countText(2, 'policy', 'policies')).toBe('2 policies');
});

test.each([
  [0, '0 seconds'],
  [35 * SECOND_MS, '35 seconds'],
  [90 * MINUTE_MS, '90 minutes'],
  [143_310 * SECOND_MS, '40 hours'],
  [3 * DAY_MS - 1, '72 hours'],
  [12 * DAY_MS + HOUR_MS, '12 days'],
])('%d ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test('an instant is in UTC, to the minute, and says how far away it is', () => {
  const at = new Date('2026-11-15T01:00:00.123Z');
  expect(instantText(at)).toBe('2026-11-15 01:00 UTC');
  expect(instantText(at, new Date('2026-11-12T01:00:00Z'))).toBe(
    '2026-11-15 01:00 UTC (in 3 days)',
  );
  expect(instantText(at, new Date('2026-11-15T06:00:00Z'))).toBe(
    '2026-11-15 01:00 UTC (5 hours ago)',
  );
});

test.each([
  [[], 'none'],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('the list %j reads %s', (items, text) => {
  expect(listText(items)).toBe(text);
});

test('a long list ends with how many more there are', () => {
  expect(listText(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
  expect(listText(['a', 'b'], 2)).toBe('a and b');
});

test.each([
  ['a "b"\n', '"a \\"b\\"\\n"'],
  [Number.NaN, 'NaN'],
  [undefined, 'undefined'],
  [{ a: [1] }, '{"a":[1]}'],
])('the value %j is quoted on one line', (value, text) => {
  expect(quoted(value)).toBe(text);
});

test('a quoted value without end is cut', () => {
  expect(quoted('x'.repeat(100_000))).toMatch(/^"x{196}\.\.\.$/);
});

test.each([
  ['fits as it is', 'one two', 7, 'one two'],
  ['is broken between words', 'one two three', 9, 'one two\nthree'],
  ['keeps its own lines', 'one two\nthree', 9, 'one two\nthree'],
  [
    'leaves a long word whole',
    'see https://example.com/x now',
    9,
    'see\nhttps://example.com/x\nnow',
  ],
])('a text that %s', (_what, text, columns, lines) => {
  expect(wrapped(text, columns)).toBe(lines);
});
