import { expect, test } from 'vitest';
import type { GatewayDeps } from '../../gateway/gateway-deps.js';
import {
  answerJson,
  CHAT,
  type ChangePolicy,
  COMPLETION,
  eventually,
  gatewayWorld,
  type Script,
  streamEvents,
} from '../support/gateway-world.js';

const UNAUTHORIZED = { detail: 'Unauthorized' };
const answers: Script = (response) => answerJson(response, 200, COMPLETION);

async function measured(script: Script, change?: ChangePolicy, deps: Partial<GatewayDeps> = {}) {
  const ends: string[] = [];
  const latencies: number[] = [];
  const refusals: number[] = [];
  const metrics = {
    ended: (outcome: string, milliseconds: number) => {
      ends.push(outcome);
      latencies.push(milliseconds);
    },
    refused: (status: number) => void refusals.push(status),
  };
  const world = await gatewayWorld(script, change, { metrics, ...deps });
  return { world, ends, latencies, refusals };
}

test('an answer counts once, from the request to its last chunk', async () => {
  let at = Date.parse('2026-06-30T12:00:00Z');
  const { world, ends, latencies } = await measured(
    (response) => {
      at += 1500;
      answerJson(response, 200, COMPLETION);
    },
    undefined,
    { now: () => new Date(at) },
  );
  await world.ask(CHAT);
  expect([ends, latencies]).toEqual([['answered'], [1500]]);
});

test("a refusal counts under the caller's code", async () => {
  const { world, ends } = await measured(answers);
  const codes = [];
  for (const body of [{ ...CHAT, model: 'mistral-large-latest' }, '{', { ...CHAT, n: -1 }]) {
    const answer = await world.ask(body);
    codes.push(JSON.parse(await answer.text()).code);
  }
  expect(ends).toEqual(codes);
  expect(codes[0]).toBe('model_not_allowed');
});

test("Mistral's error about a request has an outcome of its own", async () => {
  const { world, ends } = await measured((response) =>
    answerJson(response, 422, { detail: [{ msg: 'wrong' }] }),
  );
  await world.ask(CHAT);
  expect(ends).toEqual(['rejected_by_mistral']);
});

test('a 401 after a rotation is counted, and the request is answered', async () => {
  const { world, ends, refusals } = await measured((response, { headers }) =>
    headers.authorization?.endsWith('-again')
      ? answerJson(response, 200, COMPLETION)
      : answerJson(response, 401, UNAUTHORIZED),
  );
  await world.ask(CHAT);
  expect([ends, refusals]).toEqual([['answered'], [401]]);
});

test('a key that stays rejected has an outcome of its own', async () => {
  const { world, ends, refusals } = await measured((response) =>
    answerJson(response, 401, UNAUTHORIZED),
  );
  await world.ask(CHAT);
  expect([ends, refusals]).toEqual([['upstream_unauthorized'], [401, 401]]);
});

test('each 429 of Mistral is counted, and the request counts once', async () => {
  const { world, ends, refusals } = await measured((response) => answerJson(response, 429, {}));
  await world.ask(CHAT);
  expect(ends).toEqual(['rate_limited']);
  expect(refusals.length).toBeGreaterThan(1);
  expect(new Set(refusals)).toEqual(new Set([429]));
});

test('a caller that hangs up and an answer that breaks off are outcomes too', async () => {
  const [first = ''] = streamEvents(['one']);
  const hangsUp = await measured((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(first);
  });
  const controller = new AbortController();
  const answer = await hangsUp.world.ask({ ...CHAT, stream: true }, { signal: controller.signal });
  await answer.body?.getReader().read();
  controller.abort();
  await eventually(() => hangsUp.ends.length > 0);
  expect(hangsUp.ends).toEqual(['caller_gone']);

  const breaks = await measured((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(first);
    setImmediate(() => response.destroy());
  });
  await breaks.world
    .ask({ ...CHAT, stream: true })
    .then((broken) => broken.text())
    .catch(() => undefined);
  await eventually(() => breaks.ends.length > 0);
  expect(breaks.ends).toEqual(['broken_off']);
});

test('the list of models counts as well', async () => {
  const { world, ends } = await measured((response) =>
    answerJson(response, 200, { object: 'list', data: [] }),
  );
  await world.ask(undefined, { path: '/v1/models', method: 'GET' });
  expect(ends).toEqual(['answered']);
});
