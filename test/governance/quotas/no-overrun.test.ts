import { afterAll, beforeAll, describe, test } from 'vitest';
import { createQuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { type LocalDynamo, startLocalDynamo } from '../../../testing/dynamo.js';
import { createFakeQuotaCounters } from '../../../testing/fakes/quota-counters.js';
import { type Counting, expectBoundedLoss, expectNoOverrun, QUOTAS } from './overrun.js';
import { farAway, randomFrom } from './traffic.js';

let dynamo: LocalDynamo;

beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());

/** The table's twin, which `quota-counters.test.ts` holds to DynamoDB, at a distance from its holders. */
async function inMemory(): Promise<Counting> {
  const counters = farAway(createFakeQuotaCounters(), randomFrom(20261124));
  return { name: 'memory', counters, quotas: QUOTAS, scale: 1 };
}

let tables = 0;

/**
 * A part of the traffic, since a condition takes DynamoDB's stand-in a millisecond to read;
 * `npm run test:exhaustive` has all of it.
 */
async function inDynamo(): Promise<Counting> {
  tables += 1;
  const table = `quotas-${tables}`;
  await dynamo.createTable(table);
  const counters = createQuotaCounters(dynamo.client, table, { timeoutMs: 600_000 });
  const quotas = QUOTAS.filter(({ unit }) => unit !== 'usd');
  return { name: 'DynamoDB', counters, quotas, scale: 1 / 4 };
}

describe.each([
  ['memory', inMemory],
  ['DynamoDB', inDynamo],
])('counted in %s', (_, counting) => {
  test('64 holders never spend more than any limit, and can spend 99 % of each', async () => {
    await expectNoOverrun(await counting());
  });

  test('what dies with a holder is what it had started since it last settled, and nothing stays reserved', async () => {
    await expectBoundedLoss(await counting());
  });
});
