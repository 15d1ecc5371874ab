import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { UNSEEN_TOKENS } from '../../governance/metering/hold.js';
import {
  answerJson,
  CHAT,
  CHECKED_MODEL,
  type ChangePolicy,
  COMPLETION,
  DAILY_TOKENS,
  eventually,
  type GatewayWorld,
  gatewayWorld as openWorld,
  type Script,
  streamEvents,
  UPSTREAM_KINDS,
  USAGE,
} from '../support/gateway-world.js';

const MONTH = 'workspace#dev-workspace usd month';
/** Every byte of the body as sent, the chat template, and all of the tokens requested. */
const BOUND = JSON.stringify({ ...CHAT, max_tokens: 100, model: CHECKED_MODEL }).length + 64 + 100;
const ASKED = { ...CHAT, max_tokens: 100 };
const LONG = { ...CHAT, max_tokens: 2000 };
const promptOf = ({ received }: GatewayWorld) => Buffer.byteLength(received[0]?.body ?? '') + 64;
const PATIENT = { withinMs: 60_000, streamWithinMs: 60_000, atOnce: 8 };

describe.each(UPSTREAM_KINDS)('over %s', (upstreamKind) => {
  /** A Mistral that answers when the test lets it. */
  async function slowWorld(change?: ChangePolicy, unawaited = PATIENT) {
    const waiting: ServerResponse[] = [];
    const script: Script = (response) => void waiting.push(response);
    const ends: string[] = [];
    const metrics = { ended: (outcome: string) => void ends.push(outcome), refused() {} };
    const world = await openWorld(script, change, { upstreamKind, unawaited, metrics });
    return { world, waiting, ends };
  }

  const impatient: ChangePolicy = (document) => {
    document.gateway.firstByteTimeoutSeconds = 0.05;
  };

  /** Asks, hangs up once Mistral has the request, and waits until the gateway sees that. */
  async function askAndLeave(
    { world, ends }: Awaited<ReturnType<typeof slowWorld>>,
    body: object = ASKED,
    path?: string,
  ) {
    const sent = world.received.length;
    const before = ends.length;
    const controller = new AbortController();
    const asked = world.ask(body, { signal: controller.signal, ...(path && { path }) });
    await eventually(() => world.received.length > sent);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await eventually(() => ends.length > before);
    expect(ends.at(-1)).toBe('caller_gone');
  }

  const ended = (world: GatewayWorld) => world.quotas.ends.settled + world.quotas.ends.released;

  test.each([
    ['/v1/chat/completions', ASKED, COMPLETION, 18],
    ['/v1/fim/completions', { model: 'codestral-latest', prompt: 'def f(' }, COMPLETION, 18],
    ['/v1/embeddings', { model: 'mistral-embed', input: ['text'] }, { usage: USAGE }, 18],
  ])('an answer of %s without its caller is settled as any', async (path, body, answer, tokens) => {
    const slow = await slowWorld((document) => {
      document.roles.developer.models = '*';
      document.workspaces[0].models = '*';
    });
    const { world, waiting } = slow;
    await askAndLeave(slow, body, path);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended(world)).toBe(0);

    answerJson(waiting[0] as ServerResponse, 200, answer);

    await eventually(() => ended(world) === 1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(tokens);
    expect(world.received[0]?.aborted).toBe(false);
  });

  test('pages of OCR without their caller are settled as any', async () => {
    const slow = await slowWorld((document) => {
      document.roles.developer.models = '*';
      document.workspaces[0].models = '*';
    });
    const { world, waiting } = slow;
    const document = { type: 'document_url', document_url: 'https://example.com/a.pdf' };
    await askAndLeave(slow, { model: 'mistral-ocr-latest', document }, '/v1/ocr');

    answerJson(waiting[0] as ServerResponse, 200, { usage_info: { pages_processed: 3 } });

    await eventually(() => ended(world) === 1);
    expect(world.quotas.settled(MONTH)).toBe(3000);
  });

  test('a caller that gets upstream_timeout pays for what Mistral generated', async () => {
    const slow = await slowWorld(impatient);
    const { world, waiting } = slow;

    const answer = await world.ask(ASKED);

    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ code: 'upstream_timeout' });
    expect(ended(world)).toBe(0);
    answerJson(waiting[0] as ServerResponse, 200, COMPLETION);
    await eventually(() => ended(world) === 1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(18);
  });

  test('a caller of a stream that gets the same stops Mistral and pays for what it may have begun', async () => {
    const slow = await slowWorld(impatient);
    const { world } = slow;

    expect((await world.ask({ ...LONG, stream: true })).status).toBe(504);

    await eventually(() => world.received[0]?.aborted === true);
    expect(ended(world)).toBe(1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(promptOf(world) + UNSEEN_TOKENS);
  });

  test('a budget cannot be passed by requests that are abandoned', async () => {
    const slow = await slowWorld();
    const { world, waiting } = slow;
    const cost = BOUND + 100; // two a completion token
    world.quotas.limits.set(MONTH, 3 * cost);

    for (let i = 0; i < 3; i += 1) await askAndLeave(slow);
    expect((await world.ask(ASKED)).status).not.toBe(200);

    for (const response of waiting) answerJson(response, 200, { usage: USAGE });
    await eventually(() => ended(world) === 3);
    expect(world.quotas.settled(MONTH)).toBe(3 * (11 + 2 * 7));
  });

  test.each<[string, (response: ServerResponse) => void, number]>([
    ['breaks off', (response) => response.socket?.destroy(), BOUND],
    ['reports no usage', (response) => answerJson(response, 200, { choices: [] }), BOUND],
    [
      'breaks off after its beginning',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"id":', () => response.socket?.destroy());
      },
      BOUND,
    ],
    ['is given up by a proxy', (response) => answerJson(response, 504, {}), BOUND],
    ['is an error', (response) => answerJson(response, 500, {}), 0],
    ['is a refusal', (response) => answerJson(response, 422, {}), 0],
    ['is a rate limit', (response) => answerJson(response, 429, {}), 0],
    ['is a rejected key', (response) => answerJson(response, 401, {}), 0],
  ])('an answer without its caller that %s', async (_how, answer, settled) => {
    const slow = await slowWorld();
    const { world, waiting } = slow;
    await askAndLeave(slow);

    answer(waiting[0] as ServerResponse);

    await eventually(() => ended(world) === 1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(settled);
    expect(world.quotas.reserved()).toBe(0);
    expect(world.received).toHaveLength(1);
    expect(world.alerts).toEqual([]);
  });

  test.each([false, true])(
    'an answer that does not end in time counts its upper bound (after a 504: %s)',
    async (isLate) => {
      const slow = await slowWorld(isLate ? impatient : undefined, {
        ...PATIENT,
        withinMs: 30,
      });
      const { world } = slow;

      if (isLate) expect((await world.ask(ASKED)).status).toBe(504);
      else await askAndLeave(slow);

      await eventually(() => world.received[0]?.aborted === true);
      expect(ended(world)).toBe(1);
      expect(world.quotas.settled(DAILY_TOKENS)).toBe(BOUND);
    },
  );

  test('more answers without callers than are read at once count their upper bound', async () => {
    const slow = await slowWorld(undefined, { ...PATIENT, atOnce: 1 });
    const { world, waiting } = slow;
    await askAndLeave(slow);
    await askAndLeave(slow);
    await eventually(() => world.received[1]?.aborted === true);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(BOUND);

    const retry = world.ask(ASKED);
    await eventually(() => waiting.length === 3);
    answerJson(waiting[2] as ServerResponse, 200, COMPLETION);
    expect((await retry).status).toBe(200);
    expect(world.received[0]?.aborted).toBe(false);

    answerJson(waiting[0] as ServerResponse, 200, COMPLETION);
    await eventually(() => ended(world) === 3);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(BOUND + 2 * 18);
  });

  test('a gateway that closes counts the upper bound of what it has not read', async () => {
    const slow = await slowWorld();
    const { world } = slow;
    await askAndLeave(slow);

    await world.gateway.close();

    expect(ended(world)).toBe(1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(BOUND);
  });

  test('a stream that was not requested as one stops with its caller', async () => {
    const slow = await slowWorld();
    const { world, waiting } = slow;
    await askAndLeave(slow, { ...LONG, stream: 'yes' });

    const [response] = waiting;
    response?.writeHead(200, { 'content-type': 'text/event-stream' });
    response?.write(streamEvents(['one'])[0]);

    await eventually(() => world.received[0]?.aborted === true);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(promptOf(world) + UNSEEN_TOKENS);
  });

  /** A caller that never reads an answer of 20 MB, and how that is settled. */
  async function settledUnread(type: string, body: object, end: string) {
    const slow = await slowWorld((document) => {
      document.gateway.idleTimeoutSeconds = 0.5;
    });
    const { world, waiting } = slow;
    const asked = world.ask(body);
    await eventually(() => waiting.length === 1);
    const [response] = waiting;
    response?.writeHead(200, { 'content-type': type });
    response?.write('{"choices":["');
    for (let i = 0; i < 400; i += 1) response?.write('x'.repeat(50_000));
    response?.end(end);
    await asked;

    await eventually(() => ended(world) === 1);
    return world.quotas.settled(DAILY_TOKENS);
  }

  test('a caller that does not read its answer pays for what Mistral generated', async () => {
    const end = `"],"usage":${JSON.stringify(USAGE)}}`;
    expect(await settledUnread('application/json', ASKED, end)).toBe(18);
  });

  test('a stream that waits for its caller may be generated further than is seen', async () => {
    const streamed = { ...ASKED, stream: true };
    expect(await settledUnread('text/event-stream', streamed, '\n\n')).toBe(
      BOUND + ',"stream":true'.length,
    );
  });
});
