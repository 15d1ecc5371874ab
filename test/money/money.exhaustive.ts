import { test } from 'vitest';
import { expectMoney } from './expect-money.js';

test('10,000 requests are billed no more than was settled', async () => {
  const startMs = Date.parse('2026-11-30T23:52:00Z');
  await expectMoney({ seed: 1, ticks: 500, requestsPerTick: 20, startMs });
});
