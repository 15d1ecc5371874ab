import { Mistral } from '@mistralai/mistralai';
import { createSignedHttpClient } from '../client/signed-http-client.js';
import { atMost, type Benchmark, median, withoutAim } from './figure.js';
import { CREDENTIALS, REGION } from './gateway/bench-policy.js';
import { startChild } from './gateway/child.js';

const ROUNDS = 21;
const REQUESTS = 100;
const CHAT = {
  model: 'mistral-small-latest',
  maxTokens: 500,
  messages: [{ role: 'user' as const, content: `Summarize: ${'some text '.repeat(60)}` }],
};

/** The official SDK through the proxy, and signing by itself, in turns on the same stub. */
export const benchProxySpeed: Benchmark = async (progress) => {
  progress('the official SDK signs by itself, and through the proxy, in alternation');
  const stub = await startChild('stub-upstream');
  const proxy = await startChild('signing-proxy', stub.url);
  try {
    const httpClient = createSignedHttpClient({ region: REGION, credentials: CREDENTIALS });
    const signing = new Mistral({ serverURL: stub.url, httpClient });
    const proxied = new Mistral({ serverURL: proxy.url, apiKey: 'signed-by-the-proxy' });
    for (const client of [signing, proxied]) await latency(client); // warm
    const ratios: number[] = [];
    const latencies: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await latency(signing);
      const through = await latency(proxied);
      ratios.push(through / own);
      latencies.push(through);
    }
    return [
      withoutAim({
        name: 'proxy/latency',
        value: median(latencies),
        unit: 'µs with the official SDK',
      }),
      atMost(1.3, {
        name: 'proxy/latency-ratio',
        value: median(ratios),
        unit: '× signing in the client',
      }),
    ];
  } finally {
    for (const child of [proxy, stub]) await child.stop();
  }
};

/** The median, in microseconds. */
async function latency(client: Mistral): Promise<number> {
  const taken = new Float64Array(REQUESTS);
  for (let at = 0; at < REQUESTS; at += 1) {
    const startedAt = process.hrtime.bigint();
    await client.chat.complete(CHAT);
    taken[at] = Number(process.hrtime.bigint() - startedAt) / 1000;
  }
  return median(taken);
}
