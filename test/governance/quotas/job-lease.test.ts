import { describe, expect, test } from 'vitest';
import type { Counter } from '../../../governance/quotas/counter.js';
import {
  freeJob,
  type JobOutcome,
  type JobReserved,
  placesOf,
  reserveJob,
  settleJob,
} from '../../../governance/quotas/job-lease.js';
import type { Quota, QuotaClaim, QuotaUnit } from '../../../governance/quotas/quota.js';
import type { QuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../../governance/quotas/quota-holder.js';
import { createQuotaTotals } from '../../../governance/quotas/quota-totals.js';
import { createFakeQuotaCounters } from '../../../testing/fakes/quota-counters.js';
import { randomFrom } from './traffic.js';

const NOW = new Date('2026-11-23T17:00:00Z');
const DAY: Quota = { scope: 'workspace#a', unit: 'usd', window: 'day', limit: 1000 };
const MONTH: Quota = { ...DAY, window: 'month', limit: 3000, shards: 3 };
const TOKENS: Quota = { scope: 'caller#b', unit: 'tokens', window: 'day', limit: 100 };
const QUOTAS = [DAY, MONTH, TOKENS];

const claims = (cost: number, tokens: number): QuotaClaim[] => [
  { quota: DAY, amount: cost },
  { quota: MONTH, amount: cost },
  { quota: TOKENS, amount: tokens },
];
const untilMs = NOW.getTime() + 9 * 86_400_000;
const job = (id: string) => ({ id, untilMs });
const used = (cost: number, tokens: number) => (unit: QuotaUnit) =>
  unit === 'tokens' ? tokens : cost;

function reserved(outcome: JobOutcome): JobReserved['parts'] {
  if (outcome.kind !== 'reserved') throw new Error(outcome.kind);
  return outcome.parts;
}

const totals = async (counters: Pick<QuotaCounters, 'read'>, now = NOW) =>
  (await createQuotaTotals(counters).of(QUOTAS, NOW, now)).map(({ settled, committed }) => [
    settled,
    committed,
  ]);

test('a job holds what it may use until it ends, and then counts as what it used', async () => {
  const counters = createFakeQuotaCounters();
  const parts = reserved(await reserveJob(counters, job('1'), claims(900, 80), NOW));
  expect(await totals(counters)).toEqual([
    [0, 900],
    [0, 900],
    [0, 80],
  ]);
  await settleJob(counters, job('1'), parts, used(300, 20));
  expect(await totals(counters)).toEqual([
    [300, 300],
    [300, 300],
    [20, 20],
  ]);
  await settleJob(counters, job('1'), parts, used(300, 20)); // as after an answer that was lost
  expect(await totals(counters)).toEqual([
    [300, 300],
    [300, 300],
    [20, 20],
  ]);
});

test('what it used beyond its reservation counts, too', async () => {
  const counters = createFakeQuotaCounters();
  const parts = reserved(await reserveJob(counters, job('1'), claims(900, 80), NOW));
  await settleJob(counters, job('1'), parts, used(950, 200));
  expect(await totals(counters)).toEqual([
    [950, 950],
    [950, 950],
    [200, 200],
  ]);
});

test('a job that is freed leaves nothing, however often it is', async () => {
  const counters = createFakeQuotaCounters();
  const places = placesOf(claims(900, 80), NOW);
  expect(places).toHaveLength(5);
  await reserveJob(counters, job('1'), claims(900, 80), NOW);
  await freeJob(counters, '1', places);
  await freeJob(counters, '1', places);
  expect(await totals(counters)).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

describe('is refused, with nothing reserved', () => {
  test('where one of its quotas has no room, and says for how long', async () => {
    const counters = createFakeQuotaCounters();
    await reserveJob(counters, job('1'), claims(600, 80), NOW);
    const outcome = await reserveJob(counters, job('2'), claims(300, 30), NOW);
    expect(outcome).toMatchObject({
      kind: 'exhausted',
      quota: TOKENS,
      windowName: '2026-11-23',
      mayFreeSooner: false, // the other job may run for hours
      spentPercent: 80,
    });
    expect(await totals(counters)).toEqual([
      [0, 600],
      [0, 600],
      [0, 80],
    ]);
  });

  test('where it never fits', async () => {
    const outcome = await reserveJob(createFakeQuotaCounters(), job('1'), claims(1001, 1), NOW);
    expect(outcome).toMatchObject({ kind: 'too-large', quota: DAY, amount: 1001, largest: 1000 });
  });
});

test('requests beside it are refused until the window ends, without a retry', async () => {
  const counters = createFakeQuotaCounters();
  await reserveJob(counters, job('1'), claims(1000, 1), NOW);
  const holder = createQuotaHolder({ holderId: 'h', counters, nowMs: () => NOW.getTime() });
  expect(await holder.reserve([{ quota: DAY, amount: 1 }])).toMatchObject({
    kind: 'exhausted',
    mayFreeSooner: false,
  });
});

test('leases of processes that died are reclaimed for a job', async () => {
  const counters = createFakeQuotaCounters();
  const holder = createQuotaHolder({ holderId: 'h', counters, nowMs: () => NOW.getTime() });
  await holder.reserve([{ quota: DAY, amount: 10 }]);
  await holder.reserve([{ quota: DAY, amount: 100 }]); // leased in advance from now on
  const later = new Date(NOW.getTime() + 120_000);
  const outcome = await reserveJob(counters, job('1'), [{ quota: DAY, amount: 890 }], later);
  expect(outcome.kind).toBe('reserved');
});

test('a job that is never settled counts in full after its end', async () => {
  const counters = createFakeQuotaCounters();
  const parts = reserved(await reserveJob(counters, job('1'), claims(900, 80), NOW));
  const later = new Date(untilMs + 10_000);
  expect(await totals(counters, later)).toEqual([
    [900, 900],
    [900, 900],
    [80, 80],
  ]);
  const holder = createQuotaHolder({ holderId: 'h', counters, nowMs: () => later.getTime() });
  await holder.reserve([{ quota: MONTH, amount: 1 }]);
  await settleJob(counters, job('1'), parts, used(900, 80));
  const [day, month] = await totals(counters, later);
  expect([day, month]).toEqual([
    [900, 900],
    [900, 900],
  ]);
});

/** Loses calls, before or after they take effect. */
function unreliable(counters: QuotaCounters, random: () => number, share: number): QuotaCounters {
  return {
    async read(key) {
      if (random() < share) throw new Error('timeout');
      return counters.read(key);
    },
    async exchange(...call) {
      const fate = random();
      if (fate < share / 2) throw new Error('timeout');
      const answer = await counters.exchange(...call);
      if (fate < share) throw new Error('timeout');
      return answer;
    },
  };
}

const sumOf = (counter: Counter) =>
  [...counter.leases.values()].reduce((sum, { amount }) => sum + amount, counter.settled);

async function untilDone(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch {}
  }
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'jobs and requests together never pass a limit, and each job is booked once (%i)',
  async (seed) => {
    const random = randomFrom(seed);
    const store = createFakeQuotaCounters();
    const counters = unreliable(store, random, 0.2);
    const holders = ['x', 'y'].map((holderId) =>
      createQuotaHolder({ holderId, counters: store, nowMs: () => NOW.getTime() }),
    );
    let spent = 0;
    let tokens = 0;
    let requests = 0;
    const check = () => {
      for (const [name, counter] of store.counters) {
        expect(counter.committed, name).toBe(sumOf(counter));
        const limit = name.includes('tokens') ? 100 : 1000; // of each shard
        expect(counter.committed).toBeLessThanOrEqual(limit);
        expect(counter.settled).toBeLessThanOrEqual(counter.committed);
      }
    };

    const oneJob = async (id: string) => {
      const [cost, count] = [1 + Math.floor(random() * 500), 1 + Math.floor(random() * 40)];
      let outcome: JobOutcome | undefined;
      try {
        outcome = await reserveJob(counters, job(id), claims(cost, count), NOW);
      } catch {}
      check();
      if (outcome?.kind !== 'reserved') {
        // Refused, or the process died there: who finds its record frees it.
        await untilDone(() => freeJob(counters, id, placesOf(claims(cost, count), NOW)));
        return;
      }
      const [usedCost, usedTokens] = [Math.floor(cost * random()), Math.floor(count * random())];
      const { parts } = outcome;
      // Two monitors at once, each of which may lose calls and start again.
      await Promise.all(
        [1, 2].map(() =>
          untilDone(() => settleJob(counters, job(id), parts, used(usedCost, usedTokens))),
        ),
      );
      spent += usedCost;
      tokens += usedTokens;
      check();
    };
    const someRequests = async () => {
      for (let at = 0; at < 10; at += 1) {
        const holder = holders[at % 2] as (typeof holders)[number];
        const outcome = await holder.reserve([
          { quota: DAY, amount: 20 },
          { quota: MONTH, amount: 20 },
        ]);
        check();
        if (outcome.kind !== 'reserved') continue;
        const amount = Math.floor(20 * random());
        outcome.settle([amount, amount]);
        requests += amount;
        if (random() < 0.5) await holder.flush();
      }
    };
    await Promise.all([
      someRequests(),
      ...Array.from({ length: 8 }, (_, at) => oneJob(`${seed}-${at}`)),
    ]);
    await Promise.all(holders.map((holder) => holder.close()));
    check();
    const all = spent + requests;
    expect(await totals(store)).toEqual([
      [all, all],
      [all, all],
      [tokens, tokens],
    ]);
  },
);
