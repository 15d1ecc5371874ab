import { afterAll, beforeAll, test } from 'vitest';
import { createQuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { type LocalDynamo, startLocalDynamo } from '../../../testing/dynamo.js';
import { type Counting, expectBoundedLoss, expectNoOverrun } from './overrun.js';

let dynamo: LocalDynamo;

beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());

async function inDynamo(table: string): Promise<Counting> {
  await dynamo.createTable(table);
  const counters = createQuotaCounters(dynamo.client, table, { timeoutMs: 600_000 });
  return { name: 'DynamoDB', counters };
}

test('all of the traffic, counted in DynamoDB: 64 holders never spend more than any limit', async () => {
  await expectNoOverrun(await inDynamo('calm'));
});

test('all of the traffic, counted in DynamoDB: what dies with a holder is bounded', async () => {
  await expectBoundedLoss(await inDynamo('deadly'));
});
