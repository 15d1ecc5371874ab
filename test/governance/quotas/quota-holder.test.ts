import { setImmediate as letItRun } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import type { Lease } from '../../../governance/quotas/counter.js';
import { fenceOf } from '../../../governance/quotas/lease-time.js';
import type { Quota, QuotaHolder, Reservation } from '../../../governance/quotas/quota.js';
import type {
  ExchangeAnswer,
  QuotaCounters,
} from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../../governance/quotas/quota-holder.js';
import { preferredShard } from '../../../governance/quotas/shards.js';
import {
  createFakeQuotaCounters,
  type FakeQuotaCounters,
} from '../../../testing/fakes/quota-counters.js';
import { createWire } from './wire.js';

const START = Date.parse('2026-11-23T17:00:00Z');
const quota: Quota = { scope: 'workspace#a', unit: 'usd', window: 'hour', limit: 100 };

let fake: FakeQuotaCounters;
let nowMs = START;

beforeEach(() => {
  fake = createFakeQuotaCounters();
  nowMs = START;
});

function aHolder(holderId = 'one', counters: QuotaCounters = fake): QuotaHolder {
  return createQuotaHolder({ holderId, counters, nowMs: () => nowMs });
}

async function reserved(holder: QuotaHolder, amount: number, of = quota): Promise<Reservation> {
  const outcome = await holder.reserve([{ quota: of, amount }]);
  if (outcome.kind !== 'reserved') throw new Error(outcome.kind);
  return outcome;
}

function counter(windowName = 'usd#2026-11-23T17', pk = 'quota#workspace#a') {
  return fake.counters.get(`${pk} ${windowName}`);
}

test('while a lease lasts, requests are answered immediately and nothing is written', async () => {
  const holder = aHolder();
  (await reserved(holder, 2)).settle([2]);
  const writes = fake.writes();
  const outcome = holder.reserve([{ quota, amount: 2 }]);
  expect(outcome).toMatchObject({ kind: 'reserved' });
  expect(fake.writes()).toBe(writes);
});

test.each([
  ['the whole limit', undefined, 100],
  ["any shard's part of it", 3, 34],
])('more than %s never fits, and no counter is called', (_, shards, largest) => {
  const split: Quota = { ...quota, shards };
  const free = { quota: { ...quota, scope: 'workspace#free' }, amount: 1 };
  expect(aHolder().reserve([free, { quota: split, amount: largest + 1 }])).toEqual({
    kind: 'too-large',
    quota: split,
    windowName: '2026-11-23T17',
    amount: largest + 1,
    largest,
  });
  expect(fake.writes()).toBe(0);
});

test('the amount of the largest shard fits, whichever shard is tried first', async () => {
  const split: Quota = { ...quota, shards: 3 };
  for (const id of ['one', 'two', 'three', 'four']) {
    const holder = aHolder(id);
    (await reserved(holder, 34, split)).release();
    await holder.close();
  }
});

test('a request that tries shard after shard while its window ends is settled in that window', async () => {
  const split: Quota = { ...quota, window: 'minute', limit: 2, shards: 2 };
  const first = preferredShard('one', 2);
  const [twin = ''] = ['a', 'b', 'c', 'd', 'e'].filter((id) => preferredShard(id, 2) === first);
  const other = aHolder(twin);
  (await reserved(other, 1, split)).settle([1]);
  await other.close();
  const wire = createWire(fake, () => {});
  const holder = aHolder('one', wire.countersFor('one'));
  async function deliverAll(): Promise<void> {
    for (await letItRun(); wire.waiting().length > 0; await letItRun())
      await wire.decide('one', 'deliver');
  }

  const asked = holder.reserve([{ quota: split, amount: 1 }]);
  nowMs += 71_000;
  void holder.flush();
  await deliverAll();
  const late = (await asked) as Reservation;
  late.settle([1]);
  void holder.flush();
  await deliverAll();

  const shards = ['quota#workspace#a', 'quota#workspace#a#1'];
  const name = 'usd#2026-11-23T17:00';
  expect(shards.map((pk) => counter(name, pk)?.settled)).toEqual([1, 1]);
});

test('a request that reserved nothing and used something is settled after its window too', async () => {
  const holder = aHolder();
  const late = await reserved(holder, 0);
  nowMs += 3_611_000;
  await holder.flush();
  late.settle([3]);
  await holder.flush();
  expect(counter()).toMatchObject({ settled: 3, committed: 3 });
});

test('a request begun just before the fence is recorded before others can reclaim its lease, with clocks 10 s apart', async () => {
  nowMs += 600_000;
  const slow = createQuotaHolder({ holderId: 's', counters: fake, nowMs: () => nowMs - 5_000 });
  const fast = createQuotaHolder({ holderId: 'f', counters: fake, nowMs: () => nowMs + 5_000 });
  (await reserved(slow, 20)).settle([1]);
  await slow.flush();
  const lease = counter()?.leases.get('s') as Lease;
  nowMs = fenceOf(lease) + 5_000 - 1;
  const writes = fake.writes();
  const late = slow.reserve([{ quota, amount: 8 }]) as Reservation;
  expect([late.kind, fake.writes()]).toEqual(['reserved', writes]);

  nowMs += 5_000 + 3_000; // the gateway's next flush on Lambda, in a call that took its time
  expect(await fast.reserve([{ quota, amount: 95 }])).toMatchObject({ kind: 'exhausted' });
  await slow.flush();
  nowMs += 30_000;
  expect(await fast.reserve([{ quota, amount: 95 }])).toMatchObject({ kind: 'exhausted' });
  late.settle([8]);
  await slow.flush();
  expect(counter()).toMatchObject({ settled: 9 });
});

test('a refusal says whether other holders have what is left', async () => {
  const [one, other] = [aHolder('one'), aHolder('other')];
  const all = await reserved(one, 100);
  expect(await other.reserve([{ quota, amount: 1 }])).toMatchObject({ mayFreeSooner: true });
  all.settle([100]);
  await one.flush();
  nowMs += 1_001;
  expect(await other.reserve([{ quota, amount: 1 }])).toMatchObject({ mayFreeSooner: false });
});

test('of several refusals the one is given that lasts longest', async () => {
  const holder = aHolder();
  const month: Quota = { ...quota, window: 'month' };
  const running = await reserved(holder, 60);
  (await reserved(holder, 100, month)).settle([90]);
  const claims = [
    { quota, amount: 50 },
    { quota: month, amount: 50 },
  ];
  const spent = { kind: 'exhausted', quota: month, mayFreeSooner: false };
  expect(await holder.reserve(claims)).toMatchObject(spent);
  expect(holder.reserve(claims)).toMatchObject(spent);
  running.release();
  expect(holder.reserve(claims)).toMatchObject(spent);
});

test('what does not fit beside what is settled does not fit sooner, whichever process holds the rest', async () => {
  const [one, other] = [aHolder('one'), aHolder('other')];
  (await reserved(one, 60)).settle([60]);
  await one.flush();
  await reserved(one, 10);
  for (const holder of [one, other]) {
    expect(await holder.reserve([{ quota, amount: 41 }])).toMatchObject({ mayFreeSooner: false });
    expect(await holder.reserve([{ quota, amount: 40 }])).toMatchObject({ mayFreeSooner: true });
  }
});

test('an amount that was just rejected is rejected again for a second without a write', async () => {
  const [one, other] = [aHolder('one'), aHolder('other')];
  const all = await reserved(one, 100);
  await other.reserve([{ quota, amount: 1 }]);
  const writes = fake.writes();
  expect(other.reserve([{ quota, amount: 1 }])).toMatchObject({ kind: 'exhausted' });
  expect(fake.writes()).toBe(writes);
  all.release();
  await one.close();
  nowMs += 1_001;
  await reserved(other, 1);
});

test('nothing is authorized from a lease that others may have reclaimed', async () => {
  const [one, other] = [aHolder('one'), aHolder('other')];
  (await reserved(one, 10)).settle([10]);
  nowMs += 60_001;
  // Of the first holder ten are used and not settled: that is the error of a holder cut off.
  const rest = await reserved(other, 100);
  expect(await one.reserve([{ quota, amount: 1 }])).toMatchObject({ kind: 'exhausted' });
  rest.settle([100]);
  await Promise.all([one.flush(), other.flush()]);
  expect(counter()).toMatchObject({ settled: 110, committed: 110 });
});

test('a holder that was frozen continues with its lease if it was not reclaimed', async () => {
  const holder = aHolder();
  (await reserved(holder, 10)).settle([10]);
  nowMs += 40 * 60_000;
  (await reserved(holder, 10)).settle([10]);
  await holder.close();
  expect(counter()).toMatchObject({ settled: 20, committed: 20 });
});

test('a command that arrives after its timeout changes nothing', async () => {
  const wire = createWire(fake, () => {});
  const holder = aHolder('one', wire.countersFor('one'));
  const lost = holder.reserve([{ quota, amount: 5 }]);
  await wire.decide('one', 'delay');
  expect(await lost).toMatchObject({ kind: 'unavailable' });
  nowMs += 1_000;
  const again = holder.reserve([{ quota, amount: 5 }]);
  await wire.decide('one', 'deliver');
  const reservation = await again;
  if (reservation.kind === 'reserved') reservation.settle([5]);
  const closing = holder.close();
  await letItRun();
  await wire.decide('one', 'deliver');
  await closing;
  await wire.arrive();
  expect(counter()).toMatchObject({ settled: 5, committed: 5 });
});

test('use beyond the reservation counts immediately', async () => {
  const holder = aHolder();
  (await reserved(holder, 50)).settle([95]);
  expect(await holder.reserve([{ quota, amount: 6 }])).toMatchObject({ kind: 'exhausted' });
  await holder.close();
  expect(counter()).toMatchObject({ settled: 95, committed: 95 });
});

test('a reservation counts once, and an unknown use counts in full', async () => {
  const holder = aHolder();
  const one = await reserved(holder, 10);
  one.settle([4]);
  one.settle([4]);
  one.release();
  (await reserved(holder, 10)).settle([Number.NaN]);
  (await reserved(holder, 10)).release();
  await holder.close();
  expect(counter()).toMatchObject({ settled: 14, committed: 14 });
});

test('several quotas are reserved together or not at all', async () => {
  const small: Quota = { ...quota, scope: 'workspace#small', limit: 1 };
  const holder = aHolder();
  const kept = await reserved(holder, 1, small);
  const both = [
    { quota, amount: 60 },
    { quota: small, amount: 1 },
  ];
  expect(await holder.reserve(both)).toMatchObject({ kind: 'exhausted', quota: small });
  await reserved(holder, 100);
  kept.release();
});

test('a request is settled in the window in which it began', async () => {
  const holder = aHolder();
  const request = await reserved(holder, 10);
  nowMs += 61 * 60_000;
  (await reserved(holder, 3)).settle([3]);
  request.settle([7]);
  await holder.close();
  expect(counter('usd#2026-11-23T17')).toMatchObject({ settled: 7, committed: 7 });
  expect(counter('usd#2026-11-23T18')).toMatchObject({ settled: 3, committed: 3 });
});

test('a lease is renewed as long as a request is in flight', async () => {
  const [one, other] = [aHolder('one'), aHolder('other')];
  const stream = await reserved(one, 60);
  for (let second = 0; second < 300; second += 1) {
    nowMs += 1_000;
    await one.flush();
    expect(await other.reserve([{ quota, amount: 50 }])).toMatchObject({ kind: 'exhausted' });
  }
  expect(fake.writes()).toBeLessThan(500);
  expect(counter()).toMatchObject({ settled: 0, committed: 60 });
  stream.settle([60]);
  await one.close();
  expect(counter()).toMatchObject({ settled: 60 });
});

test("requests in flight at a dead holder's last flush are booked in full", async () => {
  const [dead, other] = [aHolder('dead'), aHolder('other')];
  await reserved(dead, 30);
  await dead.flush();
  nowMs += 60_001;
  await reserved(other, 70);
  expect(await other.reserve([{ quota, amount: 1 }])).toMatchObject({ kind: 'exhausted' });
  expect(counter()).toMatchObject({ settled: 30, committed: 100 });
});

test('a counter keeps the holders of the last six minutes only', async () => {
  const large: Quota = { ...quota, limit: 1_000_000 };
  for (let instance = 0; instance < 80; instance += 1) {
    const frozen = aHolder(`instance-${instance}`);
    (await reserved(frozen, 2, large)).settle([2]);
    await frozen.flush();
    nowMs += 10_000;
  }
  expect(counter()?.leases.size).toBeLessThanOrEqual(37);
  expect(counter()?.settled).toBe(160);
});

test('a holder that returns after its lease was forgotten corrects what was booked for it', async () => {
  const [away, other] = [aHolder('away'), aHolder('other')];
  const long = await reserved(away, 30);
  await away.flush();
  for (let minute = 0; minute < 8; minute += 1) {
    nowMs += 60_001;
    (await reserved(other, 1)).settle([1]);
    await other.flush();
  }
  expect(counter()?.leases.has('away')).toBe(false);
  expect(counter()?.settled).toBe(38);
  long.settle([4]);
  await away.flush();
  expect(counter()?.settled).toBe(12);
});

test('an idle holder returns what it does not need', async () => {
  const holder = aHolder();
  for (let turn = 0; turn < 10; turn += 1) (await reserved(holder, 2)).settle([2]);
  await holder.flush();
  expect(counter()?.committed).toBeGreaterThan(20);
  for (let second = 0; second < 12; second += 1) {
    nowMs += 1_000;
    await holder.flush();
  }
  expect(counter()).toEqual({ settled: 20, committed: 20, leases: new Map() });
});

test('without counters nothing is reserved, and usage is settled once they are back', async () => {
  let isDown = false;
  let calls = 0;
  const exchange: QuotaCounters['exchange'] = async (...call): Promise<ExchangeAnswer> => {
    calls += 1;
    if (isDown) throw new Error('ThrottlingException');
    return fake.exchange(...call);
  };
  const holder = aHolder('one', { read: fake.read, exchange });
  const request = await reserved(holder, 10);
  isDown = true;
  request.settle([8]);
  await holder.flush();
  expect(await holder.reserve([{ quota, amount: 90 }])).toMatchObject({ kind: 'unavailable' });
  const soFar = calls;
  expect(holder.reserve([{ quota, amount: 90 }])).toMatchObject({ kind: 'unavailable' });
  expect(calls).toBe(soFar);
  for (let second = 0; second < 50; second += 1) {
    nowMs += 1_000;
    await holder.flush();
  }
  isDown = false;
  nowMs += 1_000;
  await holder.flush();
  expect(counter()).toMatchObject({ settled: 8 });
});

test('waiting requests are served in order, by one exchange', async () => {
  const wire = createWire(fake, () => {});
  const holder = aHolder('one', wire.countersFor('one'));
  const served: number[] = [];
  for (const amount of [30, 20, 10])
    void Promise.resolve(holder.reserve([{ quota, amount }])).then(() => served.push(amount));
  await wire.decide('one', 'deliver');
  await letItRun();
  // The first exchange contained only the first request.
  expect(served).toEqual([30]);
  expect(holder.reserve([{ quota, amount: 1 }])).toBeInstanceOf(Promise);
  await wire.decide('one', 'deliver');
  await letItRun();
  expect(served).toEqual([30, 20, 10]);
  expect(wire.waiting()).toEqual([]);
});

test('a closed holder reserves nothing, and still settles requests that end late', async () => {
  const holder = aHolder();
  const late = await reserved(holder, 10);
  (await reserved(holder, 5)).settle([5]);
  await holder.close();
  expect(counter()).toMatchObject({ settled: 5, committed: 15 });
  expect(holder.reserve([{ quota, amount: 1 }])).toMatchObject({ kind: 'unavailable' });
  late.settle([6]);
  await holder.flush();
  expect(counter()).toEqual({ settled: 11, committed: 11, leases: new Map() });
});

test('the shards together give the whole limit, whichever a holder starts with', async () => {
  const sharded: Quota = { ...quota, limit: 10, shards: 3 };
  const holder = aHolder();
  for (let turn = 0; turn < 10; turn += 1) (await reserved(holder, 1, sharded)).settle([1]);
  expect(await holder.reserve([{ quota: sharded, amount: 1 }])).toMatchObject({
    kind: 'exhausted',
    mayFreeSooner: false,
  });
  await holder.close();
  const shards = ['quota#workspace#a', 'quota#workspace#a#1', 'quota#workspace#a#2'];
  expect(shards.map((pk) => counter(undefined, pk)?.settled)).toEqual([4, 3, 3]);
});

test('a lowered limit applies from the next exchange', async () => {
  const holder = aHolder();
  (await reserved(holder, 40)).settle([40]);
  await holder.flush();
  nowMs += 60_001;
  const lower = { ...quota, limit: 50 };
  expect(await holder.reserve([{ quota: lower, amount: 11 }])).toMatchObject({ kind: 'exhausted' });
  (await reserved(holder, 10, lower)).settle([10]);
});

test('long-running holders flush periodically until they are closed', async () => {
  let tick = () => {};
  let isRunning = true;
  const timers = {
    setInterval: (action: () => void, everyMs: number) => {
      expect(everyMs).toBe(1_000);
      tick = action;
      return { unref: () => 'timer' };
    },
    clearInterval: (timer: unknown) => {
      isRunning = timer !== 'timer';
    },
  } as unknown as Pick<typeof globalThis, 'setInterval' | 'clearInterval'>;
  const options = { holderId: 'one', counters: fake, nowMs: () => nowMs, timers };
  const holder = createQuotaHolder({ ...options, flushEverySeconds: 1 });
  (await reserved(holder, 3)).settle([2]);
  tick();
  await letItRun();
  expect(counter()).toMatchObject({ settled: 2 });
  await holder.close();
  expect(isRunning).toBe(false);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])('fails on an amount of %d', (amount) => {
  expect(() => aHolder().reserve([{ quota, amount }])).toThrow(RangeError);
});

test('a request that outlives its lease is not lost if its holder flushes meanwhile', async () => {
  const [one, other] = [aHolder('one'), aHolder('other')];
  (await reserved(one, 10)).settle([1]);
  await one.flush();
  nowMs += 39_000;
  const long = await reserved(one, 8); // from the lease as it stands
  expect(counter()?.leases.get('one')).toMatchObject({ inFlight: 0 });

  for (let seconds = 0; seconds < 60; seconds += 5) {
    nowMs += 5_000;
    await one.flush();
  }
  let spent = 1;
  for (;;) {
    const outcome = await other.reserve([{ quota, amount: 1 }]);
    if (outcome.kind !== 'reserved') break;
    outcome.settle([1]);
    spent += 1;
    await other.flush();
  }
  long.settle([8]);
  await one.flush();

  expect(spent).toBeGreaterThan(80);
  expect(counter()?.settled).toBeLessThanOrEqual(quota.limit);
});

test('what is left is known from memory after the first request, less what others have leased', async () => {
  const holder = aHolder();
  expect(holder.left([quota])).toEqual([undefined]);
  (await reserved(holder, 30)).settle([20]);
  expect(holder.left([quota])).toEqual([80]);
  const other = aHolder('other');
  (await reserved(other, 50)).settle([50]);
  await other.close();
  expect(holder.left([quota])).toEqual([80]); // as the counter was when this process last read it
  await reserved(holder, 10);
  expect(holder.left([quota])).toEqual([20]);
  expect(await holder.readLeft([quota])).toEqual([
    { quota, left: 20, resetsAt: new Date('2026-11-23T18:00:00Z') },
  ]);
});

test('what is left of a quota in shards is known once all are read', async () => {
  const split: Quota = { ...quota, shards: 4 };
  const holder = aHolder();
  (await reserved(holder, 5, split)).settle([5]);
  expect(holder.left([split])).toEqual([undefined]);
  expect(await holder.readLeft([split])).toMatchObject([{ left: 95 }]);
});

test('after a limit was lowered below what is used, nothing is left', async () => {
  (await reserved(aHolder(), 90)).settle([90]);
  const lowered: Quota = { ...quota, limit: 40 };
  expect(await aHolder('other').readLeft([lowered])).toMatchObject([{ left: 0 }]);
});

test('what is refused for lack of room says what is spent, and is noted in the counter, once', async () => {
  const holder = aHolder();
  (await reserved(holder, 45)).settle([45]);
  const refusal = { kind: 'exhausted', mayFreeSooner: false, amount: 60, spentPercent: 45 };
  expect(await holder.reserve([{ quota, amount: 60 }])).toMatchObject(refusal);
  await holder.flush();
  expect(counter()).toMatchObject({ settled: 45, refused: 60 });

  const writes = fake.writes();
  expect(await holder.reserve([{ quota, amount: 70 }])).toMatchObject({ amount: 70 });
  await holder.flush();
  expect([counter()?.refused, fake.writes()]).toEqual([60, writes]);
});

test('what waits for requests in flight, or is not money, is not noted as refused', async () => {
  const holder = aHolder();
  await reserved(holder, 60);
  expect(await holder.reserve([{ quota, amount: 60 }])).toMatchObject({ mayFreeSooner: true });
  const tokens: Quota = { scope: 'caller#a', unit: 'tokens', window: 'day', limit: 100 };
  (await reserved(holder, 60, tokens)).settle([60]);
  expect(await holder.reserve([{ quota: tokens, amount: 60 }])).toMatchObject({ spentPercent: 60 });
  await holder.flush();
  expect([...fake.counters.values()].map(({ refused }) => refused)).toEqual([undefined, undefined]);
});
