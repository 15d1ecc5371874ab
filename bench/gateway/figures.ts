import { atLeast, atMost, type Benchmark, type Figure, median, withoutAim } from '../figure.js';
import { type Child, startChild } from './child.js';
import { decisionMicroseconds } from './decision.js';
import { idleFlush } from './idle-flush.js';
import type { Load, Measured } from './load.js';
import { longestHold } from './longest-hold.js';

// Many short turns: ratios compare neighbouring turns, which ran under the same conditions.
const ROUNDS = 21;
const ONE: Load = { connections: 1, requests: 500, streams: false };
const ONE_LARGE: Load = { ...ONE, body: '16 KB' };
const MANY: Load = { connections: 64, requests: 5000, streams: false };
const MANY_LARGE: Load = { ...MANY, body: '16 KB' };
const STREAMS: Load = { connections: 1, requests: 300, streams: true };
const LONG: Load = { connections: 64, requests: 25_000, streams: false };
const LONG_ROUNDS = 4;
const MIB = 1024 * 1024;

interface Setting {
  readonly load: Child;
  readonly stub: Child;
  readonly proxy: Child;
  readonly gateway: Child;
}

/** The plain server and a bare proxy on the same stub, in turns. */
export const benchGatewaySpeed: Benchmark = async (progress) => {
  progress('a stub of Mistral, a bare proxy and the gateway, in alternation');
  const load = await startChild('load-main');
  const stub = await startChild('stub-upstream');
  const proxy = await startChild('bare-proxy', stub.url);
  const gateway = await startChild('node-shell', stub.url);
  const setting = { load, stub, proxy, gateway };
  try {
    await inTurns(setting, { ...MANY, requests: 10_000 }, 2); // warm
    const one = await inTurns(setting, ONE, ROUNDS);
    const oneLarge = await inTurns(setting, ONE_LARGE, ROUNDS);
    const many = await inTurns(setting, MANY, ROUNDS);
    const manyLarge = await inTurns(setting, MANY_LARGE, ROUNDS);
    const streams = await inTurns(setting, STREAMS, ROUNDS);
    return [
      ...latency(one, ''),
      ...latency(oneLarge, '-16kb'),
      ...throughput(many, '', 1.3),
      ...throughput(manyLarge, '-16kb', 0.9),
      ...firstByte(streams),
      ...(await longRun(setting)),
      await decision(),
      await longestHold(),
      await idleFlush(),
    ];
  } finally {
    for (const child of [load, gateway, proxy, stub]) await child.stop();
  }
};

type Turns = Readonly<Record<'stub' | 'proxy' | 'gateway', readonly Measured[]>>;

/** In turns, so that a slow minute of the machine slows all of them. */
async function inTurns(setting: Setting, load: Load, rounds: number): Promise<Turns> {
  const turns: Record<'stub' | 'proxy' | 'gateway', Measured[]> = {
    stub: [],
    proxy: [],
    gateway: [],
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['stub', 'proxy', 'gateway'] as const) {
      const { url } = setting[name];
      turns[name].push(await setting.load.ask<Measured>(JSON.stringify({ url, load })));
    }
  }
  return turns;
}

/** The median over the rounds of a value computed from each round. */
function overRounds(
  { stub, proxy, gateway }: Turns,
  ratio: (stub: Measured, proxy: Measured, gateway: Measured) => number,
): number {
  return median(
    gateway.map((one, round) => ratio(stub[round] as Measured, proxy[round] as Measured, one)),
  );
}

/** @param size of the bodies, where they are not the usual ones of 850 bytes */
function latency(turns: Turns, size: string): Figure[] {
  const added = (one: Measured, stub: Measured) => one.medianMicroseconds - stub.medianMicroseconds;
  return [
    withoutAim({
      name: `gateway/added-latency${size}`,
      value: overRounds(turns, (stub, _proxy, gateway) => added(gateway, stub)),
      unit: 'µs at 1 connection',
    }),
    atMost(1, {
      name: `gateway/added-latency-ratio${size}`,
      value: overRounds(turns, (stub, proxy, gateway) => added(gateway, stub) / added(proxy, stub)),
      unit: "× a bare proxy's",
    }),
  ];
}

function throughput(turns: Turns, size: string, aim: number): Figure[] {
  return [
    withoutAim({
      name: `gateway/throughput${size}`,
      value: overRounds(turns, (_stub, _proxy, gateway) => gateway.requestsPerSecond),
      unit: 'requests/s at 64 connections',
    }),
    atLeast(aim, {
      name: `gateway/throughput-ratio${size}`,
      value: overRounds(
        turns,
        (_stub, proxy, gateway) => gateway.requestsPerSecond / proxy.requestsPerSecond,
      ),
      unit: "× a bare proxy's",
    }),
  ];
}

function firstByte(turns: Turns): Figure[] {
  return [
    withoutAim({
      name: 'gateway/first-byte',
      value: overRounds(turns, (_stub, _proxy, gateway) => gateway.firstByteMicroseconds),
      unit: 'µs to the first byte of a stream',
    }),
    atMost(1.2, {
      name: 'gateway/first-byte-ratio',
      value: overRounds(
        turns,
        (_stub, proxy, gateway) => gateway.firstByteMicroseconds / proxy.firstByteMicroseconds,
      ),
      unit: "× a bare proxy's",
    }),
  ];
}

/** Memory growth from the 25,000th request to the 100,000th, and quota writes. */
async function longRun({ load, gateway }: Setting): Promise<Figure[]> {
  const bytes: number[] = [];
  const writesBefore = await gateway.ask<number>('writes');
  for (let round = 0; round < LONG_ROUNDS; round += 1) {
    await load.ask(JSON.stringify({ url: gateway.url, load: LONG }));
    bytes.push(await gateway.ask<number>('memory'));
  }
  const writes = (await gateway.ask<number>('writes')) - writesBefore;
  return [
    atMost(2, {
      name: 'gateway/memory-growth',
      value: ((bytes.at(-1) ?? 0) - (bytes[0] ?? 0)) / MIB,
      unit: 'MiB over 100,000 requests',
    }),
    atMost(0.02, {
      name: 'gateway/quota-writes',
      value: writes / (LONG_ROUNDS * LONG.requests),
      unit: 'writes a request',
    }),
  ];
}

async function decision(): Promise<Figure> {
  return atMost(5, {
    name: 'gateway/decision',
    value: await decisionMicroseconds(),
    unit: 'µs for authorize + reserve + settle',
  });
}
