import { describe, expect, test } from 'vitest';
import type { GatewayDeps } from '../../gateway/gateway-deps.js';
import { UNSEEN_TOKENS } from '../../governance/metering/hold.js';
import { KEY } from '../support/gateway-fakes.js';
import {
  answerJson,
  CHAT,
  CHECKED_MODEL,
  type ChangePolicy,
  COMPLETION,
  DAILY_TOKENS,
  type GatewayWorld,
  gatewayWorld as openWorld,
  type Script,
  session,
  streamEvents,
  UPSTREAM_KINDS,
} from '../support/gateway-world.js';

const REQUESTS = 'workspace#dev-workspace requests minute';
const UNAUTHORIZED = { detail: 'Unauthorized' };
const SPENT = {
  object: 'error',
  message: 'Rate limit exceeded',
  type: 'rate_limited',
  code: '1300',
};
/** Of the body as sent. */
const BYTES = JSON.stringify({ ...CHAT, model: CHECKED_MODEL, max_tokens: 2000 }).length;

async function problemOf(answer: Response) {
  const text = await answer.text();
  expect(text + JSON.stringify([...answer.headers])).not.toContain(KEY);
  return JSON.parse(text);
}

describe.each(UPSTREAM_KINDS)('over %s', (upstreamKind) => {
  const gatewayWorld = (script: Script, change?: ChangePolicy, deps: Partial<GatewayDeps> = {}) =>
    openWorld(script, change, { upstreamKind, ...deps });

  test('after a rotation the secret is read again once, and the caller notices nothing', async () => {
    const world = await gatewayWorld((response, { headers }) =>
      headers.authorization?.endsWith('-again')
        ? answerJson(response, 200, COMPLETION)
        : answerJson(response, 401, UNAUTHORIZED),
    );

    expect((await world.ask(CHAT)).status).toBe(200);
    expect(world.keys.refreshes).toEqual(['dev-workspace']);
    expect(world.quotas.ends).toEqual({ settled: 1, released: 0 });
    expect(world.alerts).toEqual([]);
  });

  test('a key that stays rejected is a 403, which no client repeats, with one alert', async () => {
    const world = await gatewayWorld((response) => answerJson(response, 401, UNAUTHORIZED));

    const answer = await world.ask(CHAT);
    expect(answer.status).toBe(403);
    expect(await problemOf(answer)).toMatchObject({ code: 'upstream_unauthorized' });
    await world.ask(CHAT);

    expect(world.received).toHaveLength(4);
    expect(world.alerts).toEqual(['dev-workspace']);
    expect(world.quotas.settled(REQUESTS)).toBe(0);
    expect(world.quotas.reserved()).toBe(0);
  });

  test('a rejected key is not sent again if there is no other', async () => {
    const world = await gatewayWorld((response) => answerJson(response, 401, UNAUTHORIZED));
    world.keys.instead = async () => undefined;

    const answer = await world.ask(CHAT);
    expect(answer.status).toBe(403);
    expect(await problemOf(answer)).toMatchObject({ code: 'upstream_unauthorized' });

    expect(world.received).toHaveLength(1);
    expect(world.alerts).toEqual(['dev-workspace']);
    expect(world.quotas.ends).toEqual({ settled: 0, released: 1 });
  });

  test('a key that cannot be read is a 503, and the hold is released', async () => {
    const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
    world.keys.current = () => Promise.reject(new Error('secrets manager down'));

    const answer = await world.ask(CHAT);
    expect(answer.status).toBe(503);
    expect(await problemOf(answer)).toMatchObject({ code: 'key_unavailable' });
    expect(world.logged).toEqual([expect.stringMatching(/^key not read .*"dev-workspace"/)]);
    expect(world.quotas.ends).toEqual({ settled: 0, released: 1 });
  });

  test('a 403 is passed on with the advice to use a key with broader scope', async () => {
    const message = `Labs models need another tier, not ${KEY}-dev-workspace`;
    const world = await gatewayWorld((response) =>
      answerJson(response, 403, {
        object: 'error',
        message,
        type: 'labs_not_enabled',
        code: '1913',
      }),
    );

    const answer = await world.ask(CHAT);

    expect(answer.status).toBe(403);
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ code: 'upstream_forbidden' });
    expect(problem.message).toContain('Labs models need another tier');
    expect(problem.message).toContain('Use a key with broader scope');
  });

  test.each([400, 404, 413, 422])(
    "a %i keeps Mistral's own words, without the key",
    async (status) => {
      const said = {
        object: 'error',
        message: `Invalid model: x ${KEY}-dev-workspace`,
        code: '1500',
      };
      const world = await gatewayWorld((response) => answerJson(response, status, said));

      const answer = await world.ask(CHAT);

      expect(answer.status).toBe(status);
      const problem = await problemOf(answer);
      expect(problem).toMatchObject({ ...said, message: 'Invalid model: x [api key]' });
      expect(world.quotas.settled(REQUESTS)).toBe(1);
      expect(world.quotas.settled(DAILY_TOKENS)).toBe(0);
    },
  );

  const row = { type: 'missing', loc: ['body', 'messages', 0], msg: 'Field required' };
  const inRows = {
    message: 'body.messages.0: Field required',
    detail: [row],
  };
  test.each<[string, Record<string, unknown>]>([
    ['{}', { message: '' }],
    ['{"detail":"$& no","max": 9223372036854775807 }\n', { message: '$& no' }],
    ['{"error": {"message":"no","code":"x"},"debug":{"a":1}}', { message: 'no', code: 'x' }],
    ['["no"]', { message: 'no' }],
    [JSON.stringify({ detail: [{ ...row, input: { a: 1 }, ctx: {} }] }), inRows],
    [
      JSON.stringify({ message: { detail: [row] }, type: 'invalid' }),
      { ...inRows, type: 'invalid' },
    ],
    ['{"message":"no","code":3001,"param":{"a":1}}', { message: 'no', code: 3001 }],
    ['{"message":{"msg":"no","loc":[{"toString":1},"x"]}}', { message: 'x: no' }],
  ])('of %s the documented fields are passed on, in both forms', async (said, given) => {
    const world = await gatewayWorld((response) => answerJson(response, 422, said));
    const { detail, ...fields }: Record<string, unknown> = {
      type: null,
      param: null,
      code: null,
      ...given,
    };
    const passed = { object: 'error', ...fields, ...(detail ? { detail } : {}), error: fields };
    expect(await (await world.ask(CHAT)).json()).toEqual(passed);
  });

  test.each([
    ['500 with JSON', 500, 'application/json', JSON.stringify({ message: KEY })],
    ['503 with HTML', 503, 'text/html', `<html>${KEY}</html>`],
    ['404 with HTML', 404, 'text/html', '<html>not found</html>'],
    ['200 with HTML', 200, 'text/html', '<html>log in</html>'],
    ['a redirect', 302, 'text/plain', ''],
  ])('%s is an unavailable upstream', async (_name, status, type, body) => {
    const world = await gatewayWorld((response) => {
      response.writeHead(status, { 'content-type': type, location: 'https://elsewhere.example' });
      response.end(body);
    });

    const answer = await world.ask(CHAT);

    expect(answer.status).toBe(502);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await problemOf(answer)).toMatchObject({ code: 'upstream_unavailable' });
    expect(world.received).toHaveLength(1);
    expect(world.quotas.reserved()).toBe(0);
  });

  test.each([
    [503, '3600', '60'],
    [503, 'Wed, 01 Jul 2026 12:00:00 GMT', '60'],
    [503, 'soon', '1'],
    [503, '0.2', '1'],
    [400, '3600', '60'],
    [409, '7', '7'],
    [400, 'soon', null],
  ])(
    'a %i with Retry-After %s never asks to wait for longer than a minute',
    async (status, asked, passed) => {
      const world = await gatewayWorld((response) =>
        answerJson(response, status, { message: 'no' }, { 'retry-after': asked }),
      );

      expect((await world.ask(CHAT)).headers.get('retry-after')).toBe(passed);
    },
  );

  test('an upstream that cannot be reached releases the hold', async () => {
    const world = await gatewayWorld(
      () => {},
      (document) => {
        document.mistral.apiUrl = 'http://127.0.0.1:1';
      },
    );

    const answer = await world.ask(CHAT);

    expect(answer.status).toBe(502);
    expect(await problemOf(answer)).toMatchObject({ code: 'upstream_unavailable' });
    expect(world.quotas.ends).toEqual({ settled: 0, released: 1 });
  });

  test.each([
    ['at the upper bound, since Mistral may go on', {}, BYTES + 64 + 2000],
    ['at that of a stream too', { stream: true }, BYTES + 14 + 64 + 2000],
  ])('an upstream that disconnects without an answer is settled %s', async (_how, more, tokens) => {
    const world = await gatewayWorld((response) => response.socket?.destroy());

    const answer = await world.ask({ ...CHAT, ...more });

    expect(answer.status).toBe(502);
    expect(await problemOf(answer)).toMatchObject({ code: 'upstream_unavailable' });
    expect(world.received).toHaveLength(1);
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(tokens);
  });

  /** Reads a stream to its end, whichever that is. */
  async function readAll(answer: Response): Promise<{ text: string; broken: boolean }> {
    let text = '';
    try {
      for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString();
      return { text, broken: false };
    } catch {
      return { text, broken: true };
    }
  }

  const WORDS = ['one', 'two', 'three'];
  const DELIVERED = streamEvents(WORDS).slice(0, 4);
  /** The role, and the bytes of three words. */
  const TOKENS_DELIVERED = 'assistantonetwothree'.length;

  const STREAM_BYTES = BYTES + ',"stream":true'.length;

  test.each<[string, Script, number]>([
    [
      'dies mid-stream', // more may have been on its way
      async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(DELIVERED.join(''), () => response.socket?.destroy());
      },
      STREAM_BYTES + 64 + 2000,
    ],
    [
      'stalls mid-stream',
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(DELIVERED.join(''));
      },
      STREAM_BYTES + 64 + TOKENS_DELIVERED + UNSEEN_TOKENS,
    ],
  ])(
    "an upstream that %s ends the caller's stream with an error and no text",
    async (_name, script, tokens) => {
      const world = await gatewayWorld(script, (document) => {
        document.gateway.idleTimeoutSeconds = 0.05;
      });

      const { text, broken } = await readAll(await world.ask({ ...CHAT, stream: true }));

      expect(broken).toBe(true);
      expect(text).toBe(DELIVERED.join(''));
      expect(world.quotas.settled(DAILY_TOKENS)).toBe(tokens);
      expect(world.quotas.ends).toEqual({ settled: 1, released: 0 });
    },
  );

  test('a JSON answer that breaks off counts in full, since it was generated in full', async () => {
    const world = await gatewayWorld((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
      response.write('{"id":"c1","choices":[', () => response.socket?.destroy());
    });

    const { broken } = await readAll(await world.ask({ ...CHAT, max_tokens: 100 }));

    expect(broken).toBe(true);
    expect(world.quotas.settled(DAILY_TOKENS)).toBeGreaterThan(100 + BYTES / 3);
  });

  test.each([
    ['without usage', JSON.stringify({ ...COMPLETION, usage: undefined })],
    ['with usage that makes no sense', JSON.stringify({ ...COMPLETION, usage: { total: 'many' } })],
    ['that is malformed', '{"id":"c1","choices":[{"usage":{'],
    ['that is empty', ''],
  ])('an answer %s passes on and is settled at the upper bound', async (_name, body) => {
    const world = await gatewayWorld((response) => answerJson(response, 200, body));

    const answer = await world.ask({ ...CHAT, max_tokens: 100 });

    expect(await answer.text()).toBe(body);
    const bytes = JSON.stringify({ ...CHAT, model: CHECKED_MODEL, max_tokens: 100 }).length;
    expect(world.quotas.settled(DAILY_TOKENS)).toBe(bytes + 64 + 100);
  });

  function limited(headers: Record<string, string> = {}): Script {
    return (response) => answerJson(response, 429, SPENT, headers);
  }

  test.each<[string, Record<string, string>, number[], string | null]>([
    ['without headers', {}, [200, 400, 800], '1'],
    ['with a short Retry-After', { 'retry-after': '1' }, [1000, 1000], '1'],
    ['with Retry-After 0', { 'retry-after': '0' }, [200, 400, 800], '1'],
    ['with a long Retry-After', { 'retry-after': '30' }, [], '30'],
    ['with a date', { 'retry-after': 'Tue, 30 Jun 2026 12:00:45 GMT' }, [], '45'],
    ['with nothing left', { 'x-ratelimit-remaining-req-minute': '0' }, [], '60'],
    ['with garbage', { 'retry-after': 'soon' }, [200, 400, 800], '1'],
    ['with a limit of 0', { 'x-ratelimit-limit-tokens-minute': '0' }, [], null],
    ['with a Retry-After of an hour', { 'retry-after': '3600' }, [], null],
    ['with a date of tomorrow', { 'retry-after': 'Wed, 01 Jul 2026 12:00:00 GMT' }, [], null],
    ['with a number beyond all dates', { 'retry-after': '1e300' }, [], null],
  ])('a 429 %s is waited for briefly, then passed on', async (_name, headers, pauses, again) => {
    const world = await gatewayWorld(limited(headers));

    const answer = await world.ask(CHAT);

    expect(answer.status).toBe(again === null ? 402 : 429);
    expect(answer.headers.get('retry-after')).toBe(again);
    expect(answer.headers.get('x-should-retry')).toBe(again === null ? 'false' : null);
    const { code, resets_at } = await problemOf(answer);
    expect(code).toBe('rate_limited');
    const asked = Number(headers['retry-after']);
    if (asked === 3600) expect(resets_at).toBe('2026-06-30T13:00:00.000Z');
    expect(world.pauses).toEqual(pauses);
    expect(world.received).toHaveLength(pauses.length + 1);
    expect(world.quotas.settled(REQUESTS)).toBe(pauses.length + 1);
    expect(world.quotas.reserved()).toBe(0);
  });

  test('a 429 followed by an answer is settled once', async () => {
    const world = await gatewayWorld((response, _received, count) =>
      count === 1 ? answerJson(response, 429, SPENT) : answerJson(response, 200, COMPLETION),
    );

    expect((await world.ask(CHAT)).status).toBe(200);
    expect(world.quotas.ends).toEqual({ settled: 1, released: 0 });
    expect(world.quotas.settled(REQUESTS)).toBe(2);
  });

  const ADMIN = { caller: session('platform-admin') };
  const NO_ROOM = limited({ 'x-ratelimit-remaining-req-minute': '0' });

  function prodIsFull(other: Script): Script {
    return (response, received, count) =>
      received.headers.authorization?.endsWith('prod-workspace')
        ? NO_ROOM(response, received, count)
        : other(response, received, count);
  }

  function settledIn(world: GatewayWorld, workspace: string): number {
    return world.quotas.settled(`workspace#${workspace} usd month`);
  }

  test('at the rate limit a request moves to a workspace with room, and its cost counts in both', async () => {
    const world = await gatewayWorld(
      prodIsFull((response) =>
        answerJson(response, 200, COMPLETION, { 'x-ratelimit-remaining-req-minute': '7' }),
      ),
    );

    const answer = await world.ask(CHAT, ADMIN);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-ratelimit-remaining-req-minute')).toBeNull();

    expect(world.received.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${KEY}-prod-workspace`,
      `Bearer ${KEY}-ml-workspace`,
    ]);
    expect(settledIn(world, 'prod-workspace')).toBeGreaterThan(0);
    expect(settledIn(world, 'ml-workspace')).toBe(settledIn(world, 'prod-workspace'));
    expect(world.quotas.ends).toEqual({ settled: 2, released: 0 }); // first, at home, the request alone
  });

  test.each<[string, (world: GatewayWorld) => void, number]>([
    ['has no budget', ({ quotas }) => quotas.limits.set('workspace#ml-workspace usd month', 0), 1],
    ['has no room either', () => {}, 2],
  ])(
    'if the other workspace %s, the caller gets a 429 about its own',
    async (_name, prepare, calls) => {
      const world = await gatewayWorld(prodIsFull(NO_ROOM));
      prepare(world);

      const answer = await world.ask(CHAT, ADMIN);

      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toBe('60');
      const { code, message } = await problemOf(answer);
      expect(code).toBe('rate_limited');
      expect(message).toContain('prod-workspace');
      expect(message).not.toContain('ml-workspace');
      expect(world.received).toHaveLength(calls);
      expect(world.quotas.reserved()).toBe(0);
    },
  );

  test("if the other workspace's key is rejected, the caller gets a 429 about its own", async () => {
    const world = await gatewayWorld(
      prodIsFull((response) => answerJson(response, 401, UNAUTHORIZED)),
    );

    const answer = await world.ask(CHAT, ADMIN);

    expect(answer.status).toBe(429);
    expect((await problemOf(answer)).message).not.toContain('ml-workspace');
    expect(world.alerts).toEqual(['ml-workspace']);
    expect(world.quotas.reserved()).toBe(0);
  });

  test('a workspace that does not allow the model is not tried', async () => {
    const world = await gatewayWorld(NO_ROOM, (document) => {
      document.workspaces[2].overflowTo = ['dev-workspace'];
    });

    const answer = await world.ask({ ...CHAT, model: 'mistral-large-latest' }, ADMIN);

    expect(answer.status).toBe(429);
    expect(world.received).toHaveLength(1);
  });
});
