import { describe, expect, test } from 'vitest';
import type { Counter, Lease } from '../../../governance/quotas/counter.js';
import {
  type LeaseNeed,
  newRecentUse,
  rollUse,
  spareFor,
  supplyFor,
} from '../../../governance/quotas/lease-size.js';
import { isReclaimable, reclaimOf, totalsAt } from '../../../governance/quotas/lease-time.js';
import type { Quota } from '../../../governance/quotas/quota.js';
import { counterKey, preferredShard, shardLimit } from '../../../governance/quotas/shards.js';

const NOW = Date.parse('2026-11-23T17:05:00Z');

function aNeed(need: Partial<LeaseNeed> = {}): LeaseNeed {
  return { free: 0, room: 1000, holders: 10, waiting: 0, smallestWaiting: 0, supply: 50, ...need };
}

function aLease(lease: Partial<Lease> = {}): Lease {
  return { amount: 10, inFlight: 4, until: NOW, sequence: 7, ...lease };
}

describe('the spare of a lease', () => {
  test.each<[string, Partial<LeaseNeed>, number]>([
    ['is the supply while there is plenty', {}, 50],
    ['is what requests wait for, and the supply', { waiting: 5, smallestWaiting: 5 }, 55],
    ['is no more than a fair share of what is left', { room: 200 }, 20],
    ['counts what is spare already as left', { room: 0, free: 200 }, 20],
    ['shrinks to single requests', { room: 14, waiting: 5, smallestWaiting: 5 }, 5],
    ['is everything if requests wait for more', { room: 9, waiting: 12, smallestWaiting: 4 }, 9],
    ['is nothing if no request could be served', { room: 3, waiting: 12, smallestWaiting: 4 }, 0],
    ['is returned if others may need it', { room: 0, free: 9 }, 0],
    ['first pays for what was used beyond the lease', { room: 10, free: -10, waiting: 1 }, 0],
    ['leaves half to holders that may come', { room: 40, holders: 1 }, 20],
  ])('%s', (_, need, spare) => {
    expect(spareFor(aNeed(need))).toBe(spare);
  });
});

test('the supply is three seconds of recent use', () => {
  const demand = { ...newRecentUse(NOW), sum: 100, latest: 10 };
  expect(supplyFor(demand)).toBe(300);
  rollUse(demand, NOW + 1_000);
  expect(demand).toMatchObject({ sum: 0, perSecond: 50, sinceMs: NOW + 1_000 });
  expect(supplyFor(demand)).toBe(150);
});

test('rare requests keep a supply of one, until they stop', () => {
  const demand = { ...newRecentUse(NOW), sum: 10, latest: 10 };
  rollUse(demand, NOW + 2_000);
  expect(supplyFor(demand)).toBe(11);
  rollUse(demand, NOW + 4_000);
  expect(supplyFor({ ...demand })).toBe(0);
});

test.each([
  ['a lease within the margin of its end', aLease(), 5_000, false],
  ['a lease past the margin', aLease(), 5_001, true],
  ['an emptied lease whose holder may return', aLease({ amount: 0 }), 300_000, false],
  ['an emptied lease whose holder did not return', aLease({ amount: 0 }), 300_001, true],
])('%s', (_, lease, lateMs, expected) => {
  expect(isReclaimable(lease, NOW + lateMs)).toBe(expected);
});

test('a reclaim books what was in flight and leaves a record of the lease for a while', () => {
  const lease = aLease();
  expect(reclaimOf('dead', lease, NOW + 6_000)).toEqual({
    holderId: 'dead',
    before: lease,
    after: aLease({ amount: 0, inFlight: 0 }),
    settle: 4,
  });
  expect(reclaimOf('dead', lease, NOW + 300_001).after).toBeUndefined();
});

test('totals count expired leases as reclaimed', () => {
  const counter: Counter = {
    settled: 20,
    committed: 40,
    leases: new Map([
      ['dead', aLease()],
      ['alive', aLease({ until: NOW + 50_000 })],
    ]),
  };
  expect(totalsAt(counter, NOW + 6_000)).toEqual({ settled: 24, committed: 34 });
});

describe('shards', () => {
  const quota: Quota = { scope: 'workspace#a', unit: 'usd', window: 'day', limit: 11, shards: 4 };

  test.each([1, 2, 3, 4, 7, 11, 16])('%d of them sum to the limit exactly', (shards) => {
    const parts = Array.from({ length: shards }, (_, at) => shardLimit({ ...quota, shards }, at));
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(11);
    expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
  });

  test('the first one has the name of the quota alone', () => {
    expect(counterKey(quota, '2026-11-23', 0)).toEqual({
      pk: 'quota#workspace#a',
      sk: 'usd#2026-11-23',
    });
    expect(counterKey(quota, '2026-11-23', 3).pk).toBe('quota#workspace#a#3');
  });

  test('holders spread over them', () => {
    const counts = [0, 0, 0, 0];
    for (let at = 0; at < 400; at += 1) {
      const shard = preferredShard(`holder-${at}`, 4);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(60);
  });
});
