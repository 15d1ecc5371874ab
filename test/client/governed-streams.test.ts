import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AnswerMeter } from '../../governance/metering/answer-meter.js';
import { UNSEEN_TOKENS } from '../../governance/metering/hold.js';
import { CHAT, clientWorld, DAILY_TOKENS, MONEY, REQUESTS } from '../support/client-world.js';
import {
  answerJson,
  COMPLETION,
  eventually,
  type Script,
  streamEvents,
} from '../support/gateway-world.js';

// The SDK rejects `"usage": null`.
const EVENTS = streamEvents(['Hel', 'lo', ' wörld']).map((event) =>
  event.replace(',"usage":null', ''),
);
type World = Awaited<ReturnType<typeof clientWorld>>;

/** What the first events of the stream count. */
function delivered(events: number): number {
  const meter = new AnswerMeter(true);
  meter.see(Buffer.from(EVENTS.slice(0, events).join('')));
  return meter.answer.deliveredTokens;
}

/** A token a byte, and the template. */
const promptOf = (world: World) => Buffer.byteLength(world.sent()[0]?.body ?? '') + 64;
/** An abandoned stream is read on for this long. */
const unawaited = { withinMs: 60_000, streamWithinMs: 50, atOnce: 8 };

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

const streaming: Script = (response) => {
  begin(response);
  for (const event of EVENTS) response.write(event);
  response.end();
};

/** Three events, then nothing more. */
const stalling: Script = (response) => {
  begin(response);
  for (const event of EVENTS.slice(0, 3)) response.write(event);
};

const words = (data: { choices: { delta: { content?: unknown } }[] }) =>
  data.choices[0]?.delta.content;

test('a stream comes through the SDK and is settled by its last event', async () => {
  const world = await clientWorld({ script: streaming });
  const mistral = await world.create();

  const heard: unknown[] = [];
  for await (const { data } of await mistral.chat.stream(CHAT)) heard.push(words(data));
  await mistral.flush();

  expect(heard).toEqual(['', 'Hel', 'lo', ' wörld', '']);
  expect(await world.total(DAILY_TOKENS)).toEqual({ settled: 18, held: expect.any(Number) });
  expect(await world.total(MONEY)).toMatchObject({ settled: 5850 });
});

test('a stream that its reader leaves is read on for a while, then settled at its upper bound so far', async () => {
  const world = await clientWorld({ script: stalling, options: { unawaited } });
  const mistral = await world.create();

  let heard = 0;
  for await (const _event of await mistral.chat.stream(CHAT)) {
    heard += 1;
    if (heard === 3) break;
  }
  await eventually(() => world.sent()[0]?.aborted === true);
  await mistral.flush();

  expect(await world.total(DAILY_TOKENS)).toMatchObject({
    settled: promptOf(world) + delivered(3) + UNSEEN_TOKENS,
  });
});

test('a stream that is aborted by signal is settled the same way', async () => {
  const world = await clientWorld({ script: stalling, options: { unawaited } });
  const mistral = await world.create();
  const abort = new AbortController();

  const stream = await mistral.chat.stream(CHAT, { fetchOptions: { signal: abort.signal } });
  const reading = (async () => {
    let heard = 0;
    for await (const _event of stream) {
      heard += 1;
      if (heard === 3) abort.abort();
    }
  })();

  await expect(reading).rejects.toThrow();
  await eventually(() => world.sent()[0]?.aborted === true);
  await mistral.flush();
  expect(await world.total(DAILY_TOKENS)).toMatchObject({
    settled: promptOf(world) + delivered(3) + UNSEEN_TOKENS,
  });
});

test('a stream that breaks off upstream counts its upper bound: more may have been on its way', async () => {
  const world = await clientWorld({
    script: (response) => {
      begin(response);
      response.write(EVENTS.slice(0, 2).join(''), () => response.destroy());
    },
  });
  const mistral = await world.create();

  const reading = (async () => {
    for await (const _event of await mistral.chat.stream(CHAT));
  })();

  await expect(reading).rejects.toThrow();
  await mistral.flush();
  expect(await world.total(DAILY_TOKENS)).toMatchObject({
    settled: Buffer.byteLength(world.sent()[0]?.body ?? '') + 64 + 2000,
  });
});

/** Runs out when the test says so, not after real time. */
const TIMEOUT_MS = 54_321;

/** Aborts once Mistral has the request; its answer comes later. */
async function abortedWith(
  how: 'by signal' | 'by timeout',
  answer: (response: ServerResponse) => void,
  request: object = CHAT,
) {
  let waiting: ServerResponse | undefined;
  const world = await clientWorld({
    script: (response) => {
      waiting = response;
    },
  });
  const mistral = await world.create();
  const abort = new AbortController();
  const timeoutSignal = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) =>
    ms === TIMEOUT_MS ? abort.signal : timeoutSignal(ms),
  );
  onTestFinished(() => void vi.restoreAllMocks());
  const options =
    how === 'by timeout' ? { timeoutMs: TIMEOUT_MS } : { fetchOptions: { signal: abort.signal } };
  const asked = mistral.chat.complete({ ...CHAT, maxTokens: 50, ...request }, options);
  await eventually(() => waiting !== undefined);
  abort.abort(how === 'by timeout' ? new DOMException('too late', 'TimeoutError') : undefined);
  await expect(asked).rejects.toMatchObject({
    name: expect.stringMatching(/^Request(Abort|Time)/),
  });
  await mistral.flush();
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 0 });

  answer(waiting as ServerResponse);
  await mistral.close(); // waits for what is read on
  const bound = Buffer.byteLength(world.sent()[0]?.body ?? '') + 64 + 50;
  return { world, bound, settled: (await world.total(DAILY_TOKENS)).settled };
}

test.each(['by signal', 'by timeout'] as const)(
  'a request aborted %s before its answer is settled by it',
  async (how) => {
    const { world, settled } = await abortedWith(how, (response) =>
      answerJson(response, 200, COMPLETION),
    );
    expect(settled).toBe(18);
    expect(world.sent()).toMatchObject([{ aborted: false }]);
  },
);

test('a request aborted before an answer that breaks off counts its upper bound', async () => {
  const { bound, settled } = await abortedWith('by signal', (response) =>
    response.socket?.destroy(),
  );
  expect(settled).toBe(bound);
});

test('a request aborted while its answer arrives is settled by it', async () => {
  let finish = () => {};
  const world = await clientWorld({
    script: (response) => {
      const [start, end] = JSON.stringify(COMPLETION).split(/(?="usage":\{"p)/) as [string, string];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(start);
      finish = () => response.end(end);
    },
  });
  let isAnswering = false;
  const mistral = await world.create({
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      isAnswering ||= (input as Request).method === 'POST';
      return answer;
    },
  });
  const abort = new AbortController();
  const asked = mistral.chat.complete(CHAT, { fetchOptions: { signal: abort.signal } });
  await eventually(() => isAnswering);
  await new Promise((resolve) => setTimeout(resolve, 20));
  abort.abort();
  await expect(asked).rejects.toThrow();

  finish();
  await mistral.close();

  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 18 });
});

test('a stream aborted before its answer counts its prompt and what Mistral may have begun', async () => {
  const world = await clientWorld({ script: () => {} });
  const mistral = await world.create();
  const abort = new AbortController();

  const asked = mistral.chat.stream(CHAT, { fetchOptions: { signal: abort.signal } });
  await eventually(() => world.sent().length === 1);
  abort.abort();

  await expect(asked).rejects.toMatchObject({ name: 'RequestAbortedError' });
  await mistral.flush();
  expect(await world.total(DAILY_TOKENS)).toMatchObject({
    settled: promptOf(world) + UNSEEN_TOKENS,
  });
});

test('a request aborted before it is sent costs nothing', async () => {
  const world = await clientWorld({});
  const mistral = await world.create();

  const asked = mistral.chat.complete(CHAT, { fetchOptions: { signal: AbortSignal.abort() } });

  await expect(asked).rejects.toMatchObject({ name: 'RequestAbortedError' });
  await mistral.flush();
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 0 });
  expect(world.sent()).toEqual([]);
});

test.each([
  ['an error of Mistral', 500, {}, 1],
  ['a refusal of the request', 422, { detail: [] }, 1],
  ['a rate limit', 429, {}, 1],
])('%s costs nothing', async (_what, status, body, requests) => {
  const world = await clientWorld({ script: (response) => answerJson(response, status, body) });
  const mistral = await world.create();

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: status });
  await mistral.flush();

  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 0 });
  expect(await world.total(MONEY)).toMatchObject({ settled: 0 });
  expect(await world.total(REQUESTS)).toMatchObject({ settled: requests });
});

test.each(['ECONNREFUSED', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED'])(
  'nothing is counted while Mistral cannot be reached: %s',
  async (code) => {
    const world = await clientWorld({});
    const refusing = Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('connect'), { code }),
    });
    const mistral = await world.create({
      fetch: async (input, init) => {
        const request = new Request(input as Request, init);
        if (request.method === 'POST') throw refusing;
        return fetch(request);
      },
    });

    await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ name: 'ConnectionError' });
    await mistral.flush();

    expect(await world.total(REQUESTS)).toMatchObject({ settled: 0 });
  },
);

test('an answer without usage counts its upper bound', async () => {
  const world = await clientWorld({
    script: (response) => answerJson(response, 200, { ...COMPLETION, usage: undefined }),
  });
  const mistral = await world.create();

  await mistral.chat.complete({ ...CHAT, maxTokens: 50 }).catch(() => {}); // the SDK wants usage
  await mistral.flush();

  const body = Buffer.byteLength(world.sent()[0]?.body ?? '');
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: body + 64 + 50 });
});
