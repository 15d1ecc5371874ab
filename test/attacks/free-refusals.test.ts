import { describe, expect, test } from 'vitest';
import {
  clientWorld,
  CHAT as FROM_CLIENT,
  REQUESTS as OF_SERVICE,
} from '../support/client-world.js';
import {
  answerJson,
  CHAT,
  COMPLETION,
  eventually,
  gatewayWorld,
  type Script,
  UPSTREAM_KINDS,
} from '../support/gateway-world.js';

const REQUESTS = 'workspace#dev-workspace requests minute';
/** A limit that may be free again at once, so that the gateway waits and calls again. */
const limiting: Script = (response) => answerJson(response, 429, { object: 'error', code: '1300' });

describe.each(UPSTREAM_KINDS)('over %s', (upstreamKind) => {
  test.each([false, true])(
    "every call at Mistral's rate limit is a request (stream: %s)",
    async (stream) => {
      const world = await gatewayWorld(limiting, undefined, { upstreamKind });

      for (let turn = 0; turn < 3; turn += 1) {
        expect((await world.ask({ ...CHAT, stream })).status).toBe(429);
      }

      expect(world.received.length).toBeGreaterThan(3);
      expect(world.quotas.settled(REQUESTS)).toBe(world.received.length);
      expect(world.quotas.reserved()).toBe(0);
    },
  );

  test('a request is at most four calls of its workspace, however short the pauses', async () => {
    const world = await gatewayWorld(limiting, undefined, { upstreamKind, random: () => 0 });

    expect((await world.ask(CHAT)).status).toBe(429);

    expect(world.received).toHaveLength(4);
    expect(world.quotas.settled(REQUESTS)).toBe(4);
  });

  test('a caller cannot keep its workspace limited for longer than its own requests last', async () => {
    const world = await gatewayWorld(limiting, undefined, { upstreamKind });
    world.quotas.limits.set(REQUESTS, 10);

    for (let turn = 0; turn < 30; turn += 1) await world.ask(CHAT);

    const calls = world.received.length;
    expect(calls).toBeLessThanOrEqual(10 + 3); // the last one began below its limit
    const last = await (await world.ask(CHAT)).json();
    expect(last).toMatchObject({ code: 'rate_limited' });
    expect(world.received).toHaveLength(calls);
  });

  test('of many at once, few wait for another call', async () => {
    const waiting: (() => void)[] = [];
    const sleep = () => new Promise<void>((resolve) => waiting.push(resolve));
    const world = await gatewayWorld(limiting, undefined, { upstreamKind, sleep });

    let refused = 0;
    const asked = Array.from({ length: 40 }, async () => {
      expect((await world.ask(CHAT)).status).toBe(429);
      refused += 1;
    });
    await eventually(() => refused === 32);
    expect(waiting).toHaveLength(8);
    expect(world.received).toHaveLength(40);

    for (let turn = 0; turn < 3; turn += 1) {
      await eventually(() => waiting.length === 8);
      for (const goOn of waiting.splice(0)) goOn();
    }
    await Promise.all(asked);
    expect(world.received).toHaveLength(40 + 3 * 8);
    expect(world.quotas.settled(REQUESTS)).toBe(40 + 3 * 8);
  });

  test('a caller that hangs up while its request waits has made a request', async () => {
    let isWaiting = false;
    let goOn = () => {};
    const sleep = async () => {
      isWaiting = true;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    };
    const world = await gatewayWorld(limiting, undefined, { upstreamKind, sleep });
    const controller = new AbortController();
    const asked = world.ask(CHAT, { signal: controller.signal });
    await eventually(() => isWaiting);
    controller.abort();
    await expect(asked).rejects.toThrow();

    await eventually(() => world.quotas.reserved() === 0);
    goOn();
    expect(world.quotas.settled(REQUESTS)).toBe(1);
  });

  test('a request that is served after waiting counts each of its calls, and its usage once', async () => {
    const world = await gatewayWorld(
      (response, received, count) =>
        count < 3 ? limiting(response, received, count) : answerJson(response, 200, COMPLETION),
      undefined,
      { upstreamKind },
    );

    expect((await world.ask(CHAT)).status).toBe(200);
    expect(world.quotas.settled(REQUESTS)).toBe(3);
    expect(world.quotas.settled('workspace#dev-workspace usd month')).toBe(11 + 2 * 7);
  });
});

test('the client library counts what Mistral limits, too', async () => {
  const world = await clientWorld({ script: limiting });
  const mistral = await world.create();

  for (let turn = 0; turn < 3; turn += 1) {
    await expect(mistral.chat.complete(FROM_CLIENT)).rejects.toMatchObject({ statusCode: 429 });
  }
  await mistral.flush();

  expect(await world.total(OF_SERVICE)).toMatchObject({ settled: world.sent().length });
  expect(world.sent()).toHaveLength(3);
});
