import { test } from 'vitest';
import { expectMoney } from './expect-money.js';

test('no budget is billed more than was settled, across the end of a month', async () => {
  const startMs = Date.parse('2026-11-30T23:59:50Z');
  await expectMoney({ seed: 12, ticks: 15, requestsPerTick: 4, startMs });
});
