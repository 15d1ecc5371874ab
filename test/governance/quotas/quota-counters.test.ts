import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Exchange, Lease } from '../../../governance/quotas/counter.js';
import { reclaimOf } from '../../../governance/quotas/lease-time.js';
import type { Quota } from '../../../governance/quotas/quota.js';
import {
  createQuotaCounters,
  type QuotaCounters,
} from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../../../governance/quotas/quota-totals.js';
import { counterKey } from '../../../governance/quotas/shards.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { createFakeQuotaCounters } from '../../../testing/fakes/quota-counters.js';
import { newTableForEach } from '../../support/table.js';

const NOW = Date.parse('2026-11-23T17:05:00Z');
const EXPIRES = Date.parse('2027-01-02T18:00:00Z');
const HOURLY: Quota = { scope: 'workspace#prod', unit: 'usd', window: 'hour', limit: 100 };
const KEY = counterKey(HOURLY, '2026-11-23T17', 0);

let dynamo: LocalDynamo;
let counters: QuotaCounters;
let table = '';

newTableForEach((local, name) => {
  dynamo = local;
  table = name;
  counters = createQuotaCounters(dynamo.client, table, { timeoutMs: 20_000 });
});

function aLease(lease: Partial<Lease> = {}): Lease {
  return { amount: 10, inFlight: 0, until: NOW + 55_000, sequence: 1, ...lease };
}

function anExchange(exchange: Partial<Exchange> = {}): Exchange {
  return { holderId: 'a', before: undefined, after: aLease(), settle: 0, limit: 100, ...exchange };
}

function exchange(command: Exchange) {
  return counters.exchange(KEY, command, EXPIRES);
}

test('an amount that was refused stays in the item, and in the totals', async () => {
  await exchange(anExchange({ refused: 60 }));
  const renewed = { before: aLease(), after: aLease({ sequence: 2 }) };
  expect((await exchange(anExchange(renewed))).counter).toMatchObject({ refused: 60 });
  const [total] = await createQuotaTotals(counters).of([HOURLY], new Date(NOW), new Date(NOW));
  expect(total).toMatchObject({ refused: 60 });
});

test('a counter that was never used is empty', async () => {
  expect(await counters.read(KEY)).toEqual({ settled: 0, committed: 0, leases: new Map() });
});

test('the item has what is settled and committed, its expiry, and every lease', async () => {
  await exchange(anExchange({ after: aLease({ inFlight: 4 }), settle: 3 }));
  const { Item } = await dynamo.client.send(
    new GetItemCommand({ TableName: table, Key: { pk: { S: KEY.pk }, sk: { S: KEY.sk } } }),
  );
  expect(Item).toEqual({
    pk: { S: 'quota#workspace#prod' },
    sk: { S: 'usd#2026-11-23T17' },
    settled: { N: '3' },
    committed: { N: '13' },
    'lease#a': { S: `10 4 ${NOW + 55_000} 1` },
    expiresAt: { N: String(EXPIRES / 1000) },
  });
});

test('a first lease above the limit is rejected, and one of exactly the limit is not', async () => {
  const tooMuch = await exchange(anExchange({ after: aLease({ amount: 101 }) }));
  expect(tooMuch).toMatchObject({ happened: false, counter: { committed: 0 } });
  const all = await exchange(anExchange({ after: aLease({ amount: 100 }) }));
  expect(all).toMatchObject({ happened: true, counter: { committed: 100 } });
});

test('what is already spent is booked above the limit', async () => {
  const { limit, ...owed } = anExchange({ settle: 150, after: undefined });
  expect(limit).toBe(100);
  expect(await exchange(owed)).toMatchObject({ happened: true, counter: { settled: 150 } });
});

test('a repeated exchange happens once, and its refusal shows the first', async () => {
  const command = anExchange({ settle: 5 });
  await exchange(command);
  const again = await exchange(command);
  expect(again.happened).toBe(false);
  expect(again.counter).toEqual({ settled: 5, committed: 15, leases: new Map([['a', aLease()]]) });
});

test('of two exchanges from the same lease only one succeeds', async () => {
  await exchange(anExchange());
  const commands = [2, 3].map((sequence) =>
    anExchange({ before: aLease(), after: aLease({ sequence }), settle: 5 }),
  );
  const answers = await Promise.all(commands.map(exchange));
  expect(answers.filter(({ happened }) => happened)).toHaveLength(1);
  expect(await counters.read(KEY)).toMatchObject({ settled: 5, committed: 15 });
});

test('of ten reclaims of a dead lease one succeeds, and requests in flight are booked', async () => {
  const dead = aLease({ amount: 10, inFlight: 4 });
  await exchange(anExchange({ after: dead }));
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => exchange(reclaimOf('a', dead, NOW + 70_000))),
  );
  expect(answers.filter(({ happened }) => happened)).toHaveLength(1);
  expect(await counters.read(KEY)).toMatchObject({ settled: 4, committed: 4 });
});

test('a lease that was renewed in time is not reclaimed', async () => {
  const old = aLease();
  await exchange(anExchange({ after: old }));
  await exchange(anExchange({ before: old, after: aLease({ sequence: 2 }) }));
  expect((await exchange(reclaimOf('a', old, NOW + 70_000))).happened).toBe(false);
  expect(await counters.read(KEY)).toMatchObject({ committed: 10 });
});

test('a holder that returns to a reclaimed lease is rejected, and can book what it spent', async () => {
  const lease = aLease();
  await exchange(anExchange({ after: lease }));
  await exchange(reclaimOf('a', lease, NOW + 70_000));
  const late = { ...anExchange({ before: lease, after: undefined, settle: 7 }), limit: undefined };
  const refused = await exchange(late);
  expect(refused.happened).toBe(false);
  const before = refused.counter.leases.get('a');
  expect(await exchange({ ...late, before })).toMatchObject({
    happened: true,
    counter: { settled: 7, committed: 7, leases: new Map() },
  });
});

test('the stand-in in memory and DynamoDB answer any sequence of exchanges alike', async () => {
  const leases = fc.option(
    fc.record({
      amount: fc.nat(60),
      inFlight: fc.constant(0),
      until: fc.constant(NOW),
      sequence: fc.nat(3),
    }),
    { nil: undefined },
  );
  const commands = fc.record({
    holderId: fc.constantFrom('a', 'b'),
    before: leases,
    asFound: fc.boolean(),
    after: leases,
    settle: fc.integer({ min: -5, max: 50 }),
    limit: fc.option(fc.integer({ min: 0, max: 120 }), { nil: undefined }),
  });
  let stories = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(commands, { maxLength: 12 }), async (story) => {
      stories += 1;
      const key = { pk: `quota#${stories}`, sk: 'usd#2026-11' };
      const twin = createFakeQuotaCounters();
      for (const { asFound, ...command } of story) {
        // Half of them know the current lease: otherwise hardly any would succeed.
        const found = (await twin.read(key)).leases.get(command.holderId);
        const sent = asFound ? { ...command, before: found } : command;
        expect(await counters.exchange(key, sent, EXPIRES)).toEqual(
          await twin.exchange(key, sent, EXPIRES),
        );
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});

test('no answer in time is an error', async () => {
  const client = new DynamoDBClient({
    endpoint: 'http://127.0.0.1:9',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const unreachable = createQuotaCounters(client, table, { timeoutMs: 50 });
  await expect(unreachable.exchange(KEY, anExchange(), EXPIRES)).rejects.toThrow();
  await expect(unreachable.read(KEY)).rejects.toThrow();
});

test('totals sum the shards and count expired leases as reclaimed', async () => {
  const quota = { ...HOURLY, shards: 2 };
  for (const [shard, until] of [NOW + 55_000, NOW - 10_000].entries()) {
    const command = anExchange({ after: aLease({ inFlight: 4, until }), settle: 20 });
    await counters.exchange(counterKey(quota, '2026-11-23T17', shard), command, EXPIRES);
  }
  const at = new Date(NOW);
  expect(await createQuotaTotals(counters).of([quota], at, at)).toEqual([
    { quota, windowName: '2026-11-23T17', settled: 44, committed: 54 },
  ]);
});
