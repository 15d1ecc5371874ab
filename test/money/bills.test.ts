import { expect, test } from 'vitest';
import { expectBills } from './expect-bills.js';

const seeds = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);

test('400 generated bills are right to the last digit, and every row is counted or named', () => {
  const { bills, kinds } = expectBills(seeds(1, 200), 80);
  expect(bills).toBe(400);
  expect([...kinds].sort()).toEqual(['counted', 'free', 'unpriced', 'unreadable']);
});

test('a bill as large as that of a large organization is right too', () => {
  expectBills([7], 20_000);
});
