import { expect } from 'vitest';
import type { Quota } from '../../../governance/quotas/quota.js';
import type { QuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../../governance/quotas/quota-holder.js';
import { createQuotaTotals } from '../../../governance/quotas/quota-totals.js';
import { windowName, windowStart } from '../../../governance/quotas/quota-window.js';
import { play, randomFrom, type Tally, type TrafficResult } from './traffic.js';

const HOLDERS = 64;
// In the middle of the traffic a minute, an hour, a day and a month end at once.
const BOUNDARY_MS = Date.parse('2026-12-01T00:00:00.000Z');
const HALF_TICKS = 70;
/** Requests of one holder in a tick: first far too many, then just those that use what is left. */
const RUSH = 20;
const TRICKLE = 0.1;

const workspace = { scope: 'workspace#prod' } as const;
const QUOTAS: readonly Quota[] = [
  { ...workspace, unit: 'requests', window: 'minute', limit: 9_000 },
  { ...workspace, unit: 'usd', window: 'hour', limit: 4_000_000_000 },
  { ...workspace, unit: 'usd', window: 'day', limit: 4_050_000_000 },
  { ...workspace, unit: 'usd', window: 'month', limit: 4_100_000_000 },
  { scope: 'caller#analysts', unit: 'tokens', window: 'day', limit: 8_100_000, shards: 2 },
];

/** What holders count in. */
export interface Counting {
  readonly name: string;
  readonly counters: QuotaCounters;
}

/** Holders that live never spend more than any limit, and can spend 99 % of each. */
export async function expectNoOverrun({ name, counters }: Counting): Promise<void> {
  const result = await play({
    quotas: QUOTAS,
    counters,
    startMs: BOUNDARY_MS - HALF_TICKS * 100,
    holders: HOLDERS,
    ticks: HALF_TICKS + 15,
    rateAt: (tick) => (tick < 20 ? RUSH : tick < HALF_TICKS - 2 ? TRICKLE : RUSH / 4),
    deaths: 0,
    random: randomFrom(20261123),
    async inspect(nowMs) {
      const totals = createQuotaTotals(counters);
      for (const { quota, settled, committed } of await totals.of(
        QUOTAS,
        new Date(nowMs),
        new Date(nowMs),
      )) {
        expect(settled).toBeLessThanOrEqual(committed);
        expect(committed).toBeLessThanOrEqual(quota.limit);
      }
    },
  });

  let [overshoot, phantom, utilization, binding] = [0, 0, 1, 0];
  for (const tally of result.tallies) {
    const { settled, committed } = await totalOf(counters, tally, result.endMs);
    overshoot = Math.max(overshoot, settled - tally.quota.limit);
    phantom += committed - settled;
    if (hasEnded(tally)) {
      expect(tally.refused).toBeGreaterThan(0);
      binding += 1;
      utilization = Math.min(utilization, settled / tally.quota.limit);
    }
    expect(settled).toBe(tally.used);
  }
  tell(`no holder dies, counted in ${name}`, result, { overshoot, phantom, utilization });
  expect(result.tallies).toHaveLength(2 * QUOTAS.length);
  expect(binding).toBe(QUOTAS.length);
  expect({ overshoot, phantom }).toEqual({ overshoot: 0, phantom: 0 });
  expect(utilization).toBeGreaterThanOrEqual(0.99);
}

/** What dies with a holder is what it had started since it last settled, and nothing stays reserved. */
export async function expectBoundedLoss({ name, counters }: Counting): Promise<void> {
  const quotas = QUOTAS.filter(({ window }) => window !== 'hour' && window !== 'month').map(
    (quota) => ({ ...quota, limit: Math.floor(quota.limit / 3), shards: 1 }),
  );
  const result = await play({
    quotas,
    counters,
    startMs: BOUNDARY_MS - 1_500,
    holders: HOLDERS,
    ticks: 26,
    rateAt: () => 8,
    deaths: 24,
    random: randomFrom(7),
    inspect: async () => {},
  });

  // 60 s later, at the latest, everything that the crashed holders held is free.
  const laterMs = result.endMs + 60_001;
  const visitor = createQuotaHolder({ holderId: 'visitor', counters, nowMs: () => laterMs });
  for (const quota of quotas) {
    const outcome = await visitor.reserve([{ quota, amount: quota.limit }]);
    if (outcome.kind === 'reserved') outcome.release();
  }
  await visitor.close();

  let [overshoot, allowed, phantom, booked] = [0, 0, 0, 0];
  for (const tally of result.tallies) {
    const { settled, committed } = await totalOf(counters, tally, laterMs);
    const { limit } = tally.quota;
    overshoot = Math.max(overshoot, (tally.used + tally.died - limit) / limit);
    allowed = Math.max(allowed, tally.startedSinceSettlement / limit);
    phantom += committed - settled;
    booked = Math.max(booked, (settled - tally.used) / limit);
    expect(tally.used + tally.died).toBeLessThanOrEqual(limit + tally.startedSinceSettlement);
    expect(settled).toBeGreaterThanOrEqual(tally.used - tally.startedSinceSettlement);
    expect(settled).toBeLessThanOrEqual(limit);
  }
  tell(`24 holders die, counted in ${name}`, result, { overshoot, allowed, phantom, booked });
  expect(phantom).toBe(0);
}

function hasEnded({ quota, windowName: name }: Tally): boolean {
  return name !== windowName(quota.window, new Date(BOUNDARY_MS));
}

async function totalOf(counters: QuotaCounters, { quota, windowName: name }: Tally, nowMs: number) {
  const window = new Date(`${name}${'0000-01-01T00:00:00.000Z'.slice(name.length)}`);
  const [total] = await createQuotaTotals(counters).of([quota], window, new Date(nowMs));
  if (!total || windowStart(quota.window, window).getTime() !== window.getTime())
    throw new Error(`no total of ${name}`);
  return total;
}

function tell(title: string, result: TrafficResult, figures: Readonly<Record<string, number>>) {
  const { requests, served, writes } = result;
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  const perRequest = (writes / requests).toFixed(2);
  process.stdout.write(
    `${title}: requests ${requests}, served ${served}, ${shown.join(', ')}, writes per request ${perRequest}\n`,
  );
}
