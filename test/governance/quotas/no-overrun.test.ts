import { test } from 'vitest';
import { createFakeQuotaCounters } from '../../../testing/fakes/quota-counters.js';
import { type Counting, expectBoundedLoss, expectNoOverrun } from './overrun.js';
import { farAway, randomFrom } from './traffic.js';

/** The table's twin, which `quota-counters.test.ts` holds to DynamoDB, at a distance from its holders. */
function inMemory(): Counting {
  const counters = farAway(createFakeQuotaCounters(), randomFrom(20261124));
  return { name: 'memory', counters };
}

test('64 holders never spend more than any limit, and can spend 99 % of each', async () => {
  await expectNoOverrun(inMemory());
});

test('what dies with a holder is what it had started since it last settled, and nothing stays reserved', async () => {
  await expectBoundedLoss(inMemory());
});
