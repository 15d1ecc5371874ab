import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { GatewayDeps } from '../../gateway/gateway-deps.js';
import { UNSEEN_TOKENS } from '../../governance/metering/hold.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  CHECKED_MODEL,
  type ChangePolicy,
  DAILY_TOKENS,
  DEVELOPER,
  eventually,
  gatewayWorld as openWorld,
  type Script,
  streamEvents,
  UPSTREAM_KINDS,
  USAGE,
} from '../support/gateway-world.js';

const EVENTS = streamEvents(['A ', '"usage": {"total_tokens": 99}', ' \\"usage', 'ü', '\n\n']);
/** An abandoned stream is read on for this long. */
const BRIEFLY = { withinMs: 60_000, streamWithinMs: 50, atOnce: 8 };
const STREAM = Buffer.from(EVENTS.join(''));

describe.each(UPSTREAM_KINDS)('over %s', (upstreamKind) => {
  const gatewayWorld = (script: Script, change?: ChangePolicy, deps: Partial<GatewayDeps> = {}) =>
    openWorld(script, change, { upstreamKind, ...deps });

  test.each([1, 2, 3, 7, 64])('a stream in pieces of %i bytes arrives unchanged', async (size) => {
    const world = await gatewayWorld(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.socket?.setNoDelay(true);
      for (let at = 0; at < STREAM.length; at += size) {
        response.write(STREAM.subarray(at, at + size));
        if (at % (size * 16) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });

    const answer = await world.ask({ ...CHAT, stream: true });

    expect(Buffer.from(await answer.arrayBuffer()).equals(STREAM)).toBe(true);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
  });

  /** A caller that can disconnect, and that reads at a controlled speed. */
  async function open(url: string, body: string): Promise<[ClientRequest, IncomingMessage]> {
    const request = httpRequest(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { [CALLER_HEADER]: DEVELOPER, 'content-length': Buffer.byteLength(body) },
    });
    request.on('error', () => {});
    const answer = await new Promise<IncomingMessage>((resolve) => {
      request.on('response', resolve);
      request.end(body);
    });
    answer.on('error', () => {});
    return [request, answer];
  }

  const STREAMED = JSON.stringify({ ...CHAT, stream: true });
  const PROMPT =
    JSON.stringify({ ...CHAT, model: CHECKED_MODEL, stream: true, max_tokens: 2000 }).length + 64;
  const SPOKEN = streamEvents(['one', 'two', 'six', 'ten']);

  test.each(SPOKEN.map((_, index) => index + 1))(
    'a caller that hangs up after event %i stops Mistral soon and pays no less than what it received',
    async (count) => {
      const world = await gatewayWorld(
        (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(SPOKEN.slice(0, count).join('')); // and continues to generate
        },
        undefined,
        { unawaited: BRIEFLY },
      );
      const [request, answer] = await open(world.url, STREAMED);
      let got = 0;
      const expected = SPOKEN.slice(0, count).join('').length;
      await new Promise<void>((resolve) => {
        answer.on('data', (chunk: Buffer) => {
          got += chunk.length;
          if (got === expected) resolve();
        });
      });

      request.destroy();

      await eventually(() => world.received[0]?.aborted === true);
      await eventually(() => world.quotas.ends.settled === 1);
      const settled = world.quotas.settled(DAILY_TOKENS);
      if (count >= SPOKEN.length - 1) {
        expect(settled).toBe(USAGE.total_tokens); // Mistral had reported it by then
      } else {
        // The role, three bytes a word, and what may have been on its way.
        const delivered = 'assistant'.length + 3 * (count - 1);
        expect(settled).toBe(PROMPT + delivered + UNSEEN_TOKENS);
      }
      expect(world.quotas.reserved()).toBe(0);
      expect(world.quotas.ends.released).toBe(0);
    },
  );

  const FAILURE = { object: 'error', message: 'overloaded', type: 'server_error', code: '3000' };

  test.each([
    ['at once costs nothing', 0, 0, 0],
    ['after two words costs what was delivered', 3, PROMPT + 3, PROMPT + 'assistant'.length + 6],
    ['after its usage costs that', 6, USAGE.total_tokens, USAGE.total_tokens],
  ])('an error of Mistral in a stream %s', async (_when, events, least, most) => {
    const text = `${SPOKEN.slice(0, events).join('')}data: ${JSON.stringify(FAILURE)}\n\n`;
    const world = await gatewayWorld((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(text);
    });

    expect(await (await world.ask({ ...CHAT, stream: true })).text()).toBe(text);

    expect(world.quotas.settled(DAILY_TOKENS)).toBeGreaterThanOrEqual(least);
    expect(world.quotas.settled(DAILY_TOKENS)).toBeLessThanOrEqual(most);
    expect(world.quotas.ends).toEqual({ settled: 1, released: 0 });
  });

  test('a caller that disconnects before the first byte pays for what Mistral may have begun', async () => {
    const world = await gatewayWorld(() => {});
    const controller = new AbortController();
    const asked = world.ask({ ...CHAT, stream: true }, { signal: controller.signal });
    await eventually(() => world.received.length === 1);

    controller.abort();

    await expect(asked).rejects.toThrow();
    await eventually(() => world.received[0]?.aborted === true);
    await eventually(() => world.quotas.ends.settled === 1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(PROMPT + UNSEEN_TOKENS);
  });

  test('a caller that disconnects during the reservation pays nothing, and nothing is sent', async () => {
    let answerQuotas = () => {};
    let asked = false;
    let hungUp = false;
    const world = await gatewayWorld(() => {});
    const { reserve } = world.quotas;
    world.quotas.reserve = async (claims) => {
      asked = true;
      await new Promise<void>((resolve) => {
        answerQuotas = resolve;
      });
      return reserve.call(world.quotas, claims);
    };
    world.shell.server.on('connection', (socket) =>
      socket.on('close', () => {
        hungUp = true;
      }),
    );
    const controller = new AbortController();
    const answer = world.ask(CHAT, { signal: controller.signal });
    await eventually(() => asked);
    controller.abort();
    await expect(answer).rejects.toThrow();
    await eventually(() => hungUp);

    answerQuotas();

    await eventually(() => world.quotas.ends.released + world.quotas.ends.settled > 0);
    expect(world.quotas.ends.settled).toBe(0);
    expect(world.quotas.reserved()).toBe(0);
    expect(world.received).toEqual([]);
  });

  test.each<[string, number, (pause: () => Promise<void>) => Partial<GatewayDeps>]>([
    ['waits at the rate limit', 429, (pause) => ({ sleep: pause })],
    [
      'waits for another key',
      401,
      (pause) => ({
        keys: {
          current: () => new ApiKey('k1'),
          async instead() {
            await pause();
            return new ApiKey('k2');
          },
        },
      }),
    ],
  ])(
    'a caller that hangs up while its request %s pays nothing, and nothing more is sent',
    async (_name, status, overridesWith) => {
      let goOn = () => {};
      let isPaused = false;
      let isOver = false;
      const pause = async () => {
        isPaused = true;
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      };
      const ended = () => {
        isOver = true;
      };
      const world = await gatewayWorld((response) => answerJson(response, status, {}), undefined, {
        ...overridesWith(pause),
        metrics: { ended, refused() {} },
      });
      const controller = new AbortController();
      const answer = world.ask(CHAT, { signal: controller.signal });
      await eventually(() => isPaused);
      controller.abort();
      await expect(answer).rejects.toThrow();
      await eventually(() => isOver);

      expect(world.quotas.settled(DAILY_TOKENS)).toBe(0);
      // What met the rate limit was a request all the same.
      const ends = status === 429 ? { settled: 1, released: 0 } : { settled: 0, released: 1 };
      expect(world.quotas.ends).toEqual(ends);
      goOn();
      await new Promise((resolve) => setImmediate(resolve));
      expect(world.received).toHaveLength(1);
      expect(world.alerts).toEqual([]);
      expect(world.quotas.reserved()).toBe(0);
    },
  );

  test('a caller that does not read slows Mistral down instead of filling memory', async () => {
    const block = `data: ${'x'.repeat(65_536)}\n\n`;
    let sent = 0;
    const world = await gatewayWorld(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (; sent < 400; sent += 1) {
        if (response.write(block)) continue;
        await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
    });
    const [, answer] = await open(world.url, STREAMED);
    answer.pause();

    for (let [seen, still] = [0, 0]; still < 3000; still = seen === sent ? still + 1 : 0) {
      seen = sent;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(400);

    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    answer.resume();
    await new Promise((resolve) => answer.once('end', resolve));
    expect(bytes).toBe(400 * block.length);
  });

  test('a caller that stops reading is cut off and settled', async () => {
    const block = `data: ${'x'.repeat(65_536)}\n\n`;
    const world = await gatewayWorld(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (let i = 0; i < 400; i += 1) response.write(block);
      },
      (document) => {
        document.gateway.idleTimeoutSeconds = 0.1;
      },
      { unawaited: BRIEFLY },
    );
    const [, answer] = await open(world.url, STREAMED);
    answer.pause();

    await eventually(() => world.quotas.ends.settled === 1);
    await eventually(() => world.received[0]?.aborted === true);
    expect(world.quotas.reserved()).toBe(0);
  });
});
