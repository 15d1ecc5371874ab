import { test } from 'vitest';
import { expectMoney } from './expect-money.js';

test.each([
  ['10,000', { seed: 1, ticks: 500, requestsPerTick: 20, start: '2026-11-30T23:52:00Z' }],
  ['240', { seed: 12, ticks: 20, requestsPerTick: 12, start: '2026-11-30T23:59:40Z' }],
])('%s requests are billed no more than was settled', async (_count, { start, ...run }) => {
  await expectMoney({ ...run, startMs: Date.parse(start) });
});

// In a small run nothing that one request leaves over hides what another lacks.
test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
  '60 requests are billed no more than was settled, by seed %i',
  async (seed) => {
    const startMs = Date.parse('2026-11-30T23:59:50Z');
    await expectMoney({ seed, ticks: 15, requestsPerTick: 4, startMs });
  },
);
