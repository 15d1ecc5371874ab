import { test } from 'vitest';
import { expectBills } from './expect-bills.js';

test('4,000 generated bills, and large ones, are right to the last digit', () => {
  expectBills(
    Array.from({ length: 2_000 }, (_, at) => 10_000 + at),
    150,
  );
  expectBills([1, 2, 3], 100_000);
});
