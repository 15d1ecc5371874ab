import { test } from 'vitest';
import { expectMoney } from './expect-money.js';

test.each([1, 2])(
  '10,000 requests are billed no more than was settled, with seed %d',
  async (seed) => {
    const startMs = Date.parse('2026-11-30T23:52:00Z');
    await expectMoney({ seed, ticks: 500, requestsPerTick: 20, startMs });
  },
);
