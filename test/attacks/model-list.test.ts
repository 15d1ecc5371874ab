import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { createLiveAccess, type LiveAccessOptions } from '../../governance/metering/live-access.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { assembledGateway } from '../support/assembled-gateway.js';
import { aPolicy } from '../support/builders.js';
import { answerJson, CALLER_HEADER, DEVELOPER, gatewayWorld } from '../support/gateway-world.js';

const policy = aPolicy();
const log = { info() {}, warn() {}, error() {} };

test.each([
  ['fails', () => Promise.reject(new Error('down'))],
  ['never answers', () => new Promise<never>(() => {})],
])(
  'while reading the list %s, callers cause one reading a minute, and each is counted',
  async (_how, list) => {
    let nowMs = 0;
    let readings = 0;
    const ends: string[] = [];
    const access = createLiveAccess({
      policy,
      priceBook: createPriceBook(policy),
      listModels: () => {
        readings += 1;
        return list();
      },
      nowMs: () => nowMs,
      log,
    });
    const metrics = { ended: (outcome: string) => void ends.push(outcome), refused() {} };
    const world = await gatewayWorld(() => {}, undefined, { access, metrics });
    const ask = async (path: string) =>
      (await world.ask(undefined, { path, method: 'GET' })).json() as Promise<{ code: string }>;

    for (let minute = 0; minute < 3; minute += 1) {
      nowMs = minute * 61_000;
      for (let count = 0; count < 20; count += 1) {
        expect((await ask('/v1/models')).code).toBe('upstream_unavailable');
        expect((await ask('/v1/models/mistral-small-latest')).code).toBe('upstream_unavailable');
      }
    }

    expect(readings).toBeLessThanOrEqual(3);
    expect(ends).toEqual(Array(120).fill('upstream_unavailable'));
    expect(world.received).toEqual([]);
  },
);

describe('a list that could not be read', () => {
  /** A gateway whose list is what `list` returns, at a time that the test sets. */
  async function unread(list: LiveAccessOptions['listModels']) {
    const clock = { ms: 0 };
    const access = createLiveAccess({
      ...{ policy, priceBook: createPriceBook(policy), log },
      listModels: list,
      nowMs: () => clock.ms,
    });
    const world = await gatewayWorld(() => {}, undefined, { access });
    return {
      ...{ clock, access, url: world.url, server: world.shell.server },
      async retryAfter(): Promise<string | null> {
        const answer = await world.ask(undefined, { path: '/v1/models', method: 'GET' });
        await answer.arrayBuffer();
        return answer.headers.get('retry-after');
      },
    };
  }

  test('is asked for again when it may be there, and not before', async () => {
    const { clock, retryAfter } = await unread(() => Promise.reject(new Error('down')));
    expect(await retryAfter()).toBe('1'); // it has just been asked for
    for (const [ms, seconds] of [
      [1000, '59'],
      [30_500, '30'],
      [60_000, '1'],
      [60_001, '1'], // asked for again
      [61_001, '59'],
    ] as const) {
      clock.ms = ms;
      expect([ms, await retryAfter()]).toEqual([ms, seconds]);
    }
  });

  test('that hangs is asked for ever more rarely', async () => {
    const { clock, retryAfter } = await unread(() => new Promise<never>(() => {}));
    const asked: number[] = [];
    while (clock.ms < 600_000) {
      asked.push(clock.ms / 1000);
      clock.ms += 1000 * Number(await retryAfter());
    }
    expect(asked.slice(0, 8)).toEqual([0, 1, 2, 4, 8, 16, 32, 64]);
    expect(asked.length).toBeLessThan(20);
  });

  test("reaches OpenAI's client with its own two retries, once Mistral is there again", async () => {
    let isDown = true;
    const { clock, access, url, server } = await unread(async () => {
      if (isDown) throw new Error('down');
      return [{ id: 'mistral-small-2603', aliases: ['mistral-small-latest'] }];
    });
    await access.refresh();
    clock.ms = 60_001;
    isDown = false;
    let requests = 0;
    server.on('request', () => {
      requests += 1;
    });
    const openai = new OpenAI({
      ...{ baseURL: `${url}/v1`, apiKey: 'none' },
      defaultHeaders: { [CALLER_HEADER]: DEVELOPER },
    });

    const { data } = await openai.models.list();

    expect(data.map(({ id }) => id)).toEqual(['mistral-small-2603']);
    expect(requests).toBe(2);
  });
});

test('what Mistral refuses of the list is counted as of any request', async () => {
  const refused: number[] = [];
  const answers = [401, 401, 429, 200];
  const metrics = {
    ...{ ended() {}, unpriced() {}, flush() {} },
    refused: (status: number) => void refused.push(status),
  };
  await assembledGateway(
    (response) => answerJson(response, answers.shift() ?? 200, { data: [] }),
    undefined,
    metrics,
  );
  expect(refused).toEqual([401, 401, 429]);
  expect(answers).toEqual([]);
});
