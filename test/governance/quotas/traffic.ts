import { setImmediate as letItRun } from 'node:timers/promises';
import type {
  Quota,
  QuotaClaim,
  QuotaHolder,
  Reservation,
} from '../../../governance/quotas/quota.js';
import type { QuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../../governance/quotas/quota-holder.js';
import { windowName } from '../../../governance/quotas/quota-window.js';
import { counterKey } from '../../../governance/quotas/shards.js';

const TICK_MS = 100;
const FLUSH_TICKS = 20;
const CALLS_AT_ONCE = 12;

export interface Traffic {
  readonly quotas: readonly Quota[];
  readonly counters: QuotaCounters;
  readonly startMs: number;
  readonly holders: number;
  readonly ticks: number;
  /** That a holder starts in a tick, on average. */
  readonly rateAt: (tick: number) => number;
  /** How many holders die during the run. */
  readonly deaths: number;
  readonly random: () => number;
  /** Checks the counters every two seconds of the run. */
  readonly inspect: (nowMs: number) => Promise<void>;
}

/** The requested and used amounts of one quota in one window. */
export interface Tally {
  readonly quota: Quota;
  readonly windowName: string;
  used: number;
  refused: number;
  /** Reserved by requests that died. */
  died: number;
  /** What dead holders had started since they last settled. */
  startedSinceSettlement: number;
}

export interface TrafficResult {
  readonly requests: number;
  readonly served: number;
  readonly writes: number;
  readonly endMs: number;
  readonly tallies: readonly Tally[];
}

interface Request {
  readonly claims: readonly QuotaClaim[];
  readonly tallies: readonly Tally[];
  readonly reservation: Reservation;
}

interface Server {
  readonly holder: QuotaHolder;
  readonly running: Map<number, Request[]>;
  readonly diesAt: number;
  isDead: boolean;
  /** By window, started in all and when the latest exchange that happened was made. */
  readonly started: Map<Tally, number>;
  readonly settled: Map<Tally, number>;
}

/** The same numbers every time (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Counters that take a random time to apply a call, and another to answer it. */
export function farAway(counters: QuotaCounters, random: () => number): QuotaCounters {
  async function travel<T>(call: () => Promise<T>): Promise<T> {
    await pass();
    const answer = await call();
    await pass();
    return answer;
  }
  async function pass(): Promise<void> {
    for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1) await letItRun();
  }
  return {
    read: (key) => travel(() => counters.read(key)),
    exchange: (...command) => travel(() => counters.exchange(...command)),
  };
}

/** Holders serve requests of random size and duration, on a clock that runs while calls are in flight. */
export async function play(traffic: Traffic): Promise<TrafficResult> {
  const { quotas, counters, startMs, ticks, random } = traffic;
  const tallies = new Map<string, Tally>();
  const pending = new Set<Promise<unknown>>();
  let nowMs = startMs;
  let requests = 0;
  let served = 0;
  let writes = 0;
  const failures: unknown[] = [];

  function track(call: Promise<unknown>): void {
    pending.add(call);
    void call.finally(() => pending.delete(call));
  }

  function tallyOf(quota: Quota): Tally {
    const name = windowName(quota.window, new Date(nowMs));
    const key = `${counterKey(quota, name, 0).pk} ${quota.unit}#${name}`;
    let tally = tallies.get(key);
    if (!tally) {
      tally = { quota, windowName: name, used: 0, refused: 0, died: 0, startedSinceSettlement: 0 };
      tallies.set(key, tally);
    }
    return tally;
  }

  function newServer(at: number): Server {
    const server: Server = {
      holder: createQuotaHolder({
        holderId: `holder-${at}`,
        nowMs: () => nowMs,
        report: (error) => failures.push(error),
        counters: {
          read: counters.read,
          async exchange(key, exchange, expiresAtMs) {
            const tally = tallies.get(`${key.pk.replace(/#\d+$/, '')} ${key.sk}`);
            const started = (tally && server.started.get(tally)) ?? 0;
            writes += 1;
            if (server.isDead && random() < 0.5) return new Promise(() => {});
            const answer = await counters.exchange(key, exchange, expiresAtMs);
            const isOwn = exchange.holderId === `holder-${at}`;
            if (tally && isOwn && answer.happened) server.settled.set(tally, started);
            return server.isDead ? new Promise(() => {}) : answer;
          },
        },
      }),
      running: new Map(),
      diesAt: at < traffic.deaths ? Math.floor(random() * ticks) : Infinity,
      isDead: false,
      started: new Map(),
      settled: new Map(),
    };
    return server;
  }

  function newClaims(): QuotaClaim[] {
    const one = quotas[Math.floor(random() * quotas.length)] as Quota;
    return (random() < 0.4 ? quotas : [one]).map((quota) => ({ quota, amount: sizeOf(quota) }));
  }

  function sizeOf({ unit }: Quota): number {
    if (unit === 'requests') return 1;
    return Math.ceil((unit === 'tokens' ? 2_000 : 1_000_000) * (0.05 + random()));
  }

  async function start(server: Server, tick: number): Promise<void> {
    requests += 1;
    const claims = newClaims();
    const asked = claims.map(({ quota }) => tallyOf(quota));
    const wish = server.holder.reserve(claims);
    const outcome = wish instanceof Promise ? await wish : wish;
    if (server.isDead) return;
    if (outcome.kind === 'unavailable') return;
    if (outcome.kind !== 'reserved') {
      tallyOf(outcome.quota).refused += 1;
      return;
    }
    served += 1;
    for (const [at, tally] of asked.entries())
      server.started.set(tally, (server.started.get(tally) ?? 0) + (claims[at]?.amount ?? 0));
    const endsAt =
      Math.max(tick, Math.floor((nowMs - startMs) / TICK_MS)) + 1 + Math.floor(random() * 8);
    const request = { claims, tallies: asked, reservation: outcome };
    server.running.set(endsAt, [...(server.running.get(endsAt) ?? []), request]);
  }

  function end({ claims, tallies: booked, reservation }: Request): void {
    const used = claims.map(({ quota, amount }) =>
      quota.unit === 'requests' ? amount : Math.ceil(amount * (0.7 + 0.3 * random())),
    );
    reservation.settle(used);
    for (const [at, tally] of booked.entries()) tally.used += used[at] ?? 0;
  }

  function die(server: Server): void {
    server.isDead = true;
    for (const { claims, tallies: booked } of [...server.running.values()].flat())
      for (const [at, tally] of booked.entries()) tally.died += claims[at]?.amount ?? 0;
    server.running.clear();
  }

  function playTick(server: Server, at: number, tick: number): void {
    if (!server.isDead && tick >= server.diesAt) die(server);
    if (server.isDead) return;
    for (const request of server.running.get(tick) ?? []) end(request);
    server.running.delete(tick);
    const isEnding = tick >= ticks;
    const count = isEnding ? 0 : Math.floor(traffic.rateAt(tick) + random());
    for (let turn = 0; turn < count; turn += 1) track(start(server, tick));
    if ((tick + at) % FLUSH_TICKS === 0) track(server.holder.flush());
  }

  const servers = Array.from({ length: traffic.holders }, (_, at) => newServer(at));
  for (let tick = 0; tick < ticks + 40; tick += 1) {
    nowMs = startMs + tick * TICK_MS;
    for (const [at, server] of servers.entries()) playTick(server, at, tick);
    await letItRun();
    while (pending.size > CALLS_AT_ONCE + deadCalls()) await letItRun();
    if (failures.length > 0) throw failures[0];
    if (tick % 20 === 0) await traffic.inspect(nowMs);
  }

  /** Calls of dead holders are never answered. */
  function deadCalls(): number {
    return servers.filter(({ isDead }) => isDead).length * 8;
  }

  const alive = servers.filter(({ isDead }) => !isDead);
  for (const server of alive) {
    await server.holder.close();
    for (const request of [...server.running.values()].flat()) end(request);
    await server.holder.flush();
  }
  for (const { isDead, started, settled } of servers)
    for (const [tally, amount] of isDead ? started : [])
      tally.startedSinceSettlement += amount - (settled.get(tally) ?? 0);
  return { requests, served, writes, endMs: nowMs, tallies: [...tallies.values()] };
}
