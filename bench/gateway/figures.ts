import { type Child, startChild } from './child.js';
import { decisionMicroseconds } from './decision.js';
import { type Load, type Measured, median } from './load.js';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: string;
  readonly holds: boolean;
}

const ROUNDS = 7;
const ONE: Load = { connections: 1, requests: 1500, streams: false };
const MANY: Load = { connections: 64, requests: 15_000, streams: false };
const STREAMS: Load = { connections: 1, requests: 800, streams: true };
const MEMORY: Load = { connections: 64, requests: 25_000, streams: false };
const MIB = 1024 * 1024;

interface Setting {
  readonly load: Child;
  readonly stub: Child;
  readonly proxy: Child;
  readonly gateway: Child;
}

/** The Node shell beside a bare proxy, on the same stub, in turns: ratios of medians. */
export async function gatewayFigures(): Promise<Figure[]> {
  const load = await startChild('load-main');
  const stub = await startChild('stub-upstream');
  const proxy = await startChild('bare-proxy', stub.url);
  const gateway = await startChild('node-shell', stub.url);
  const setting = { load, stub, proxy, gateway };
  try {
    await inTurns(setting, { ...MANY, requests: 10_000 }, 2); // warm
    const one = await inTurns(setting, ONE, ROUNDS);
    const many = await inTurns(setting, MANY, ROUNDS);
    const streams = await inTurns(setting, STREAMS, ROUNDS);
    return [
      ...latency(one),
      ...throughput(many),
      ...firstByte(streams),
      await memory(setting),
      decision(),
    ];
  } finally {
    for (const child of [load, gateway, proxy, stub]) await child.stop();
  }
}

type Turns = Readonly<Record<'stub' | 'proxy' | 'gateway', readonly Measured[]>>;

/** One after the other and again, so that a slow minute of the machine slows all of them. */
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

function medianOf(measured: readonly Measured[], figure: keyof Measured): number {
  return median(measured.map((one) => one[figure]));
}

function latency(turns: Turns): Figure[] {
  const direct = medianOf(turns.stub, 'medianMicroseconds');
  const proxy = medianOf(turns.proxy, 'medianMicroseconds') - direct;
  const gateway = medianOf(turns.gateway, 'medianMicroseconds') - direct;
  return [
    told('gateway added latency, 1 connection', gateway, 'µs'),
    told('bare proxy added latency, 1 connection', proxy, 'µs'),
    atMost('gateway added latency / bare proxy', gateway / proxy, '×', 1.1),
  ];
}

function throughput(turns: Turns): Figure[] {
  const proxy = medianOf(turns.proxy, 'requestsPerSecond');
  const gateway = medianOf(turns.gateway, 'requestsPerSecond');
  const ratio = gateway / proxy;
  return [
    told('gateway throughput, 64 connections', gateway, 'requests/s'),
    told('bare proxy throughput, 64 connections', proxy, 'requests/s'),
    {
      name: 'gateway throughput / bare proxy',
      value: ratio,
      unit: '×',
      aim: '>= 0.9',
      holds: ratio >= 0.9,
    },
  ];
}

function firstByte(turns: Turns): Figure[] {
  const proxy = medianOf(turns.proxy, 'firstByteMicroseconds');
  const gateway = medianOf(turns.gateway, 'firstByteMicroseconds');
  return [
    told('gateway first byte of a stream', gateway, 'µs'),
    atMost('gateway first byte of a stream / bare proxy', gateway / proxy, '×', 1.2),
  ];
}

/** Growth from the 25,000th request to the 100,000th. */
async function memory({ load, gateway }: Setting): Promise<Figure> {
  const bytes: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    await load.ask(JSON.stringify({ url: gateway.url, load: MEMORY }));
    bytes.push(await gateway.ask<number>('memory'));
  }
  const grown = ((bytes.at(-1) ?? 0) - (bytes[0] ?? 0)) / MIB;
  return atMost('gateway memory growth over 100,000 requests', grown, 'MiB', 2);
}

function decision(): Figure {
  return atMost('authorize + reserve + settle', decisionMicroseconds(), 'µs', 5);
}

function told(name: string, value: number, unit: string): Figure {
  return { name, value, unit, aim: '', holds: true };
}

function atMost(name: string, value: number, unit: string, aim: number): Figure {
  return { name, value, unit, aim: `<= ${aim}`, holds: value <= aim };
}
