import { describe, expect, test } from 'vitest';
import { aPolicy } from '../support/builders.js';
import { accessTo, KEY } from '../support/gateway-fakes.js';
import {
  answerJson,
  CHAT,
  CHECKED_MODEL,
  COMPLETION,
  DAILY_TOKENS,
  DEVELOPER,
  eventually,
  gatewayWorld,
  session,
  streamEvents,
  USAGE,
} from '../support/gateway-world.js';

test("an answer comes back byte for byte, and the request is sent with the workspace's key", async () => {
  const text = JSON.stringify(COMPLETION, null, 1);
  const world = await gatewayWorld((response) => answerJson(response, 200, text));

  const answer = await world.ask(CHAT);

  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe(text);
  const [sent] = world.received;
  expect(sent?.headers.authorization).toBe(`Bearer ${KEY}-dev-workspace`);
  expect(JSON.parse(sent?.body ?? '')).toEqual({ ...CHAT, model: CHECKED_MODEL, max_tokens: 2000 });
});

test('a session keeps its prompt cache, which no other caller shares', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  const ask = (session: string, caller = DEVELOPER) =>
    world.ask(CHAT, { caller, headers: { 'x-affinity': session } });
  for (const name of ['s1', 's1', 's2']) await ask(name);
  await ask('s1', session('platform-admin'));
  await ask('x'.repeat(257));
  await world.ask(CHAT);

  const sent = world.received.map(({ headers }) => headers['x-affinity']);
  expect(sent[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(sent[1]).toBe(sent[0]);
  expect(new Set(sent.slice(0, 4)).size).toBe(3);
  expect(sent.slice(4)).toEqual([undefined, undefined]);
  expect(JSON.stringify(world.received)).not.toContain('"s1"');
});

test('what a model writes is no usage, such as the arguments of a tool', async () => {
  const usage = { total_tokens: 10_000_000, prompt_tokens: 1, completion_tokens: 9_999_999 };
  const call = { function: { name: 'bill', arguments: { usage, object: 'error' } } };
  const choices = [{ index: 0, message: { role: 'assistant', tool_calls: [call] } }];
  const world = await gatewayWorld((response) =>
    answerJson(response, 200, { ...COMPLETION, choices }),
  );

  await (await world.ask(CHAT)).text();

  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
});

test('a request is settled at the usage that Mistral reports', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  await (await world.ask(CHAT)).text();

  const { prompt_tokens: prompt, completion_tokens: completion } = USAGE;
  expect(world.quotas.settled('workspace#dev-workspace requests minute')).toBe(1);
  expect(world.quotas.settled('workspace#dev-workspace usd month')).toBe(prompt + 2 * completion);
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(prompt + completion);
  expect(world.quotas.reserved()).toBe(0);
});

test('quotas that answer later only delay the request', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  world.quotas.mode = 'after a while';

  expect((await world.ask(CHAT)).status).toBe(200);
  expect(world.quotas.ends).toEqual({ settled: 1, released: 0 });
});

test('a stream passes byte for byte and is settled at the usage in its last chunk', async () => {
  const events = streamEvents(['Hel', 'lo', ' wörld — "usage":{"total_tokens":9}']);
  const world = await gatewayWorld((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const event of events) response.write(event);
    response.end();
  });

  const answer = await world.ask({ ...CHAT, stream: true });

  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(await answer.text()).toBe(events.join(''));
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
});

test('the first event reaches the caller before the second is generated', async () => {
  const events = streamEvents(['one', 'two']);
  let go = () => {};
  const world = await gatewayWorld(async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events[0]);
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    response.end(events.slice(1).join(''));
  });

  const answer = await world.ask({ ...CHAT, stream: true });
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? []).toString()).toBe(events[0]);
  go();
  let rest = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    rest += Buffer.from(part.value).toString();
  }
  expect(rest).toBe(events.slice(1).join(''));
});

test('the head of a stream reaches the caller before the first event', async () => {
  let go = () => {};
  const world = await gatewayWorld(async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    await new Promise<void>((resolve) => {
      go = resolve;
    });
    response.end(streamEvents(['one']).join(''));
  });

  const answer = await world.ask({ ...CHAT, stream: true });
  expect(answer.status).toBe(200);
  go();

  expect(await answer.text()).toBe(streamEvents(['one']).join(''));
});

test('stream_options, which Mistral rejects, is removed', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  await world.ask({ ...CHAT, stream_options: { include_usage: true } });

  expect(JSON.parse(world.received[0]?.body ?? '')).not.toHaveProperty('stream_options');
});

test.each([
  ['absent', {}, 2000],
  ['null', { max_tokens: null }, 2000],
  ['small', { max_tokens: 5 }, 5],
  ['at the limit', { max_tokens: 2000 }, 2000],
])('max_tokens %s is sent as the role allows', async (_name, given, sent) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  expect((await world.ask({ ...CHAT, ...given })).status).toBe(200);
  expect(JSON.parse(world.received[0]?.body ?? '').max_tokens).toBe(sent);
});

test('without max_tokens, a long prompt leaves the rest of the context', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  const content = 'x'.repeat(3 * 127_000);
  const long = { model: 'codestral-latest', messages: [{ role: 'user', content }] };

  expect((await world.ask(long)).status).toBe(200);
  const { max_tokens } = JSON.parse(world.received[0]?.body ?? '');
  expect(max_tokens).toBeLessThan(1000);
  expect(max_tokens).toBeGreaterThan(900);
});

test.each([
  [
    'an image in the body, whose bytes are not tokens',
    [
      { type: 'text', text: 'what is it?' },
      { type: 'image_url', image_url: `data:image/png;base64,${'A'.repeat(900_000)}` },
    ],
  ],
  ['a text that seems longer than the context', '\u65e5'.repeat(300_000)],
])('%s does not cut the answer short', async (_name, content) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  const body = { model: 'codestral-latest', messages: [{ role: 'user', content }] };

  expect((await world.ask(body)).status).toBe(200);
  expect(JSON.parse(world.received[0]?.body ?? '').max_tokens).toBe(2000);
});

test('the model is named by the id that was checked, since aliases move', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  await world.ask({ ...CHAT, model: 'codestral-latest' });
  expect(JSON.parse(world.received[0]?.body ?? '').model).toBe('codestral-2508');
});

test('listing models needs no key, only the list', async () => {
  const list = { path: '/v1/models', method: 'GET' };
  const world = await gatewayWorld(() => {});
  world.keys.current = () => Promise.reject(new Error('secrets manager down'));
  expect((await world.ask(undefined, list)).status).toBe(200);

  const access = { ...accessTo(aPolicy()), cards: undefined };
  const unread = await gatewayWorld(() => {}, undefined, { access });
  const answer = await unread.ask(undefined, list);
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({ code: 'upstream_unavailable' });
  expect((await unread.ask(undefined, { ...list, caller: session('stranger') })).status).toBe(403);
});

test.each([
  ['huge', { max_tokens: 1e9 }, 403, 'max_tokens_exceeded'],
  ['negative', { max_tokens: -1 }, 422, 'max_tokens_invalid'],
  ['text', { max_tokens: '10' }, 422, 'max_tokens_invalid'],
])('max_tokens %s is refused, and nothing is sent', async (_name, given, status, code) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  const answer = await world.ask({ ...CHAT, ...given });

  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ object: 'error', code, param: 'max_tokens' });
  expect(world.received).toEqual([]);
  expect(world.quotas.reserved()).toBe(0);
});

describe('a role that says cap', () => {
  const capWorld = () =>
    gatewayWorld(
      (response) => answerJson(response, 200, COMPLETION),
      (document) => {
        document.roles.developer.overMaxTokens = 'cap';
      },
    );

  test.each([
    ['above the limit', { max_tokens: 2001 }, 2000, '2000'],
    ['far above', { max_tokens: 1e300 }, 2000, '2000'],
    ["in OpenAI's spelling", { max_completion_tokens: 9000 }, 2000, '2000'],
    ['for each of several completions', { max_tokens: 9000, n: 2 }, 2000, '2000'],
    ['at the limit', { max_tokens: 2000 }, 2000, null],
    ['below it', { max_tokens: 7 }, 7, null],
    ['absent', {}, 2000, null],
  ])('max_tokens %s', async (_name, given, sent, header) => {
    const world = await capWorld();
    const answer = await world.ask({ ...CHAT, ...given });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-governance-max-tokens')).toBe(header);
    const body = JSON.parse(world.received[0]?.body ?? '');
    expect(body).toMatchObject({ max_tokens: sent });
    expect(body).not.toHaveProperty('max_completion_tokens');
  });

  test('a long prompt keeps its room in the context', async () => {
    const world = await capWorld();
    const content = 'x'.repeat(3 * 127_000);
    const body = { model: 'codestral-latest', messages: [{ role: 'user', content }] };
    const answer = await world.ask({ ...body, max_tokens: 1e6 });
    const { max_tokens: sent } = JSON.parse(world.received[0]?.body ?? '');
    expect(sent).toBeLessThan(1000);
    expect(answer.headers.get('x-governance-max-tokens')).toBe(String(sent));
  });

  test.each([-1, 0, 1.5, '3000'])('max_tokens %s is still refused', async (given) => {
    const answer = await (await capWorld()).ask({ ...CHAT, max_tokens: given });
    expect(answer.status).toBe(422);
  });

  test('a refusal says so, too', async () => {
    const world = await capWorld();
    world.quotas.limits.set('workspace#dev-workspace usd month', 0);
    const answer = await world.ask({ ...CHAT, max_tokens: 9000 });
    expect(answer.headers.get('x-governance-max-tokens')).toBe('2000');
  });
});

test('of two models in one body, the one that is checked is sent', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  const [large, small] = ['"model":"mistral-large-latest"', '"model":"mistral-small-latest"'];

  const dearLast = await world.ask(`{${small},"messages":[],${large}}`);
  expect(dearLast.status).toBe(403);
  expect(world.received).toEqual([]);

  const dearFirst = await world.ask(`{${large},"messages":[],${small}}`);
  expect(dearFirst.status).toBe(200);
  expect(world.received[0]?.body).not.toContain('large');
});

test.each([
  ['text', '{"model":'],
  ['a list', '[]'],
  ['nothing', ''],
  ['null', 'null'],
  [
    'nested too deeply',
    `{"model":"mistral-small-latest","messages":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
  ],
  ['of too many values', `{"model":"mistral-small-latest","messages":[${'{},'.repeat(30_000)}{}]}`],
  [
    'of too many fields',
    `{"model":"mistral-small-latest",${Array.from({ length: 1000 }, (_, at) => `"${at}":0`)}}`,
  ],
])('a body that is %s is an invalid request', async (_name, body) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  const answer = await world.ask(body);

  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ object: 'error', code: 'invalid_request' });
  expect(world.received).toEqual([]);
});

test.each([
  ['no model', { messages: [] }, 'model'],
  ['a model that is not a name', { ...CHAT, model: ['mistral-small-latest'] }, 'model'],
  ['half a completion', { ...CHAT, n: 0.5 }, 'n'],
  ['messages that are not a list', { ...CHAT, messages: { 0: {} } }, 'messages'],
  ['a tool that runs at Mistral', { ...CHAT, tools: [{ type: 'web_search' }] }, 'tools[0].type'],
])('%s is refused as an invalid field', async (_name, body, param) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  const answer = await world.ask(body);

  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ code: 'invalid_request', param });
});

test("of the caller's headers, only accept is sent on", async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  await world.ask(CHAT, {
    headers: {
      authorization: 'Bearer smuggled',
      'x-api-key': 'smuggled',
      cookie: 'session=smuggled',
      'x-forwarded-for': '10.0.0.1',
      'x-role': 'admin',
      'x-workspace': 'prod-workspace',
      accept: 'application/json',
      'accept-encoding': 'gzip, br',
    },
  });

  const [sent] = world.received;
  expect(sent?.headers).toEqual({
    host: expect.any(String),
    connection: 'keep-alive',
    authorization: `Bearer ${KEY}-dev-workspace`,
    'content-type': 'application/json',
    accept: 'application/json',
    'accept-encoding': 'identity',
    'content-length': expect.any(String),
  });
});

test('only headers about the request come back', async () => {
  const world = await gatewayWorld((response) =>
    answerJson(response, 200, COMPLETION, {
      'x-ratelimit-remaining-req-minute': '59',
      'x-ratelimit-tokens-query-cost': '18',
      'mistral-correlation-id': 'm-1',
      'x-kong-request-id': 'k-1',
      'set-cookie': 'a=b',
      'x-internal': 'secret',
      server: 'kong',
      'keep-alive': 'timeout=99',
    }),
  );

  const { headers } = await world.ask(CHAT);

  expect([...headers.keys()].sort()).toEqual([
    'connection',
    'content-length',
    'content-type',
    'date',
    'keep-alive',
    'mistral-correlation-id',
    'x-governance-remaining-budget-percent',
    'x-governance-remaining-req-minute',
    'x-governance-remaining-tokens-day',
    'x-kong-request-id',
    'x-ratelimit-remaining-req-minute',
    'x-ratelimit-tokens-query-cost',
  ]);
  expect(headers.get('keep-alive')).not.toContain('99');
});

test.each([
  ['GET', '/v1/libraries', 404, 'endpoint_not_allowed'],
  ['POST', '/v1/agents', 404, 'endpoint_not_allowed'],
  ['POST', '/v1/../v1/admin/api-keys', 404, 'endpoint_not_allowed'],
  ['POST', '/v1/chat/completions/%2e%2e/%2e%2e/admin/api-keys', 404, 'endpoint_not_allowed'],
  ['POST', '/v1/embeddings/..%2fchat%2fcompletions', 404, 'endpoint_not_allowed'],
  ['POST', '/V1/chat/completions', 404, 'endpoint_not_allowed'],
  ['POST', '/v2/chat/completions', 404, 'endpoint_not_allowed'],
  ['POST', '/v1/chat/completions%', 404, 'endpoint_not_allowed'],
  ['POST', '/v1/chat/completions%3Fx', 404, 'endpoint_not_allowed'],
  ['POST', '//', 404, 'endpoint_not_allowed'],
  ['GET', '/v1/models/..%2ffiles', 404, 'endpoint_not_allowed'],
  ['GET', '/v1/models/a%2fb', 404, 'endpoint_not_allowed'],
  ['GET', '/v1/models/%2e%2e%5cfiles', 403, 'model_not_allowed'],
  ['HEAD', '/v1/chat/completions', 405, 'method_not_allowed'],
  ['GET', '/v1/chat/completions', 405, 'method_not_allowed'],
  ['DELETE', '/v1/models/mistral-small-latest', 405, 'method_not_allowed'],
  ['PUT', '/v1/embeddings', 405, 'method_not_allowed'],
])('%s %s is answered %i', async (method, path, status, code) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, {}));

  const answer = await world.ask('{}', { method, path });

  expect(answer.status).toBe(status);
  if (method === 'HEAD') expect(await answer.text()).toBe('');
  else expect(await answer.json()).toMatchObject({ object: 'error', code });
  expect(answer.headers.has('allow')).toBe(status === 405);
  expect(world.received).toEqual([]);
});

test.each([
  '//v1/chat/completions',
  '/v1//chat//completions',
  '/v1/chat/completions/',
  '//v1//chat/completions//?trace=1',
  '/v1/chat/completions?api-version=2026-01-01',
  '/v1/chat%2Fcompletions',
  '/v1/chat/%63ompletions',
  '/chat/completions',
  '/v1/v1/chat/completions',
])('POST %s reaches Mistral as the path that it means', async (path) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  expect((await world.ask(CHAT, { path })).status).toBe(200);
  expect(world.received.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
});

test.each(['/v1/models', '/v1/models/', '/models', '/v1/models/codestral-2508/'])(
  'HEAD %s is answered with the headers of GET',
  async (path) => {
    const world = await gatewayWorld(() => {});
    const got = await world.ask(undefined, { path, method: 'GET' });
    const head = await world.ask(undefined, { path, method: 'HEAD' });

    expect([got.status, head.status]).toEqual([200, 200]);
    expect((await got.text()).length).toBeGreaterThan(50);
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'content-length']) {
      expect(head.headers.get(name)).toBe(got.headers.get(name));
    }
  },
);

test('a caller may be named by its role, also with a path', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  const role = 'arn:aws:iam::111122223333:role/developer';

  for (const caller of [role, role.replace('/', '/team/')]) {
    const answer = await world.ask(CHAT, { caller });
    expect(answer.status).toBe(200);
    await answer.text();
  }

  const counted = 'caller#arn:aws:sts::111122223333:assumed-role/developer tokens day';
  expect(world.quotas.settled(counted)).toBe(2 * USAGE.total_tokens);
});

test.each([
  ['no identity', undefined],
  ['a stranger', session('stranger')],
  ['two at once', `${DEVELOPER}, ${session('platform-admin')}`],
])('%s is not a known caller', async (_name, caller) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));

  const answer = await world.ask(CHAT, { caller });

  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ code: 'unknown_caller' });
});

test.each([
  ['workspace#dev-workspace usd month', 'budget_exhausted'],
  ['workspace#dev-workspace requests minute', 'rate_limited'],
  [DAILY_TOKENS, 'tokens_exhausted'],
])('when %s is exhausted the answer names it and when it resets', async (quota, code) => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  world.quotas.limits.set(quota, 0);

  const answer = await world.ask(CHAT);

  expect(answer.status).toBe(402); // in twelve hours
  expect(answer.headers.get('retry-after')).toBeNull();
  expect(answer.headers.get('x-should-retry')).toBe('false');
  const problem = await answer.json();
  expect(problem).toMatchObject({ object: 'error', code, type: 'rate_limit_error' });
  expect(problem).toMatchObject({ resets_at: '2026-07-01T00:00:00.000Z' });
  expect(problem).toMatchObject({
    message: expect.stringContaining('resets at 2026-07-01 00:00 UTC'),
  });
  expect(world.received).toEqual([]);
});

test.each(['unavailable', 'broken'] as const)(
  'a request is refused while quotas are %s',
  async (mode) => {
    const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
    world.quotas.mode = mode;

    const answer = await world.ask(CHAT);

    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ code: 'quota_unavailable' });
  },
);

test('n completions are reserved n times', async () => {
  let reserved = 0;
  const world = await gatewayWorld((response) => {
    reserved = world.quotas.reserved();
    answerJson(response, 200, COMPLETION);
  });

  await (await world.ask({ ...CHAT, max_tokens: 10 })).text();
  const once = reserved;
  await (await world.ask({ ...CHAT, max_tokens: 10, n: 3 })).text();

  // Twice ten more, in money at two each and in the day's tokens, and six bytes of body.
  expect(reserved - once).toBe(20 * 3 + 6 * 2);
});

test("a linked document is reserved at the model's whole context", async () => {
  let reserved = 0;
  const world = await gatewayWorld((response) => {
    reserved = world.quotas.reserved();
    answerJson(response, 200, COMPLETION);
  });
  const content = [{ type: 'document_url', document_url: 'https://example.com/a.pdf' }];

  await world.ask({ ...CHAT, max_tokens: 1, messages: [{ role: 'user', content }] });

  expect(reserved).toBe(1 + (256_000 + 2) + (256_000 + 1));
});

test.each([
  ['linked', 'https://example.com/a.png'],
  ['in the body', `data:image/png;base64,${'A'.repeat(900_000)}`],
])("an image %s fits into an analyst's day, and is settled at what it used", async (_name, url) => {
  const reserved: number[] = [];
  const usage = { prompt_tokens: 5000, completion_tokens: 7, total_tokens: 5007 };
  const world = await gatewayWorld((response) => {
    reserved.push(world.quotas.reserved());
    answerJson(response, 200, { ...COMPLETION, usage });
  });
  const content = [{ type: 'image_url', image_url: { url } }];
  const tokens = 'caller#arn:aws:sts::111122223333:assumed-role/analyst tokens day';

  const body = { ...CHAT, max_tokens: 100, messages: [{ role: 'user', content }] };
  const answer = await world.ask(body, { caller: session('analyst') });

  expect(answer.status).toBe(200);
  await answer.text();
  // Of the day's tokens, and of two budgets.
  expect(reserved[0]).toBeGreaterThan(3 * 3200);
  expect(reserved[0]).toBeLessThan(3 * 3600);
  // More than was reserved: what is true counts.
  expect(world.quotas.settled(tokens)).toBe(5007);
  expect(world.quotas.settled('workspace#ml-workspace usd month')).toBe(5014);
});

test("a policy's bounds of images and pages are what is reserved", async () => {
  const reserved: number[] = [];
  const world = await gatewayWorld(
    (response) => {
      reserved.push(world.quotas.reserved());
      answerJson(response, 200, COMPLETION);
    },
    (document) => {
      document.limits = { ocrPages: 20, models: { 'mistral-small-2603': { imageTokens: 500 } } };
    },
  );
  const content = [{ type: 'image_url', image_url: 'https://example.com/a.png' }];
  await world.ask({ ...CHAT, max_tokens: 1, messages: [{ role: 'user', content }] });
  expect(reserved[0]).toBeLessThan(4 * 800);

  const document = { type: 'document_url', document_url: 'https://example.com/a.pdf' };
  const ocr = { model: 'mistral-ocr-latest', document };
  const options = { path: '/v1/ocr', caller: session('platform-admin') };
  for (const pages of [undefined, '0-4', [0, 7]]) await world.ask({ ...ocr, pages }, options);
  expect(reserved.slice(1)).toEqual([20, 5, 2].map((pages) => 3 * 1000 * pages + 1));
});

test('an unexpected error is a 500 and leaves nothing reserved', async () => {
  const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
  world.keys.current = () => {
    throw new Error('secrets manager down');
  };

  const answer = await world.ask(CHAT);

  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ code: 'internal_error' });
  await eventually(() => world.quotas.reserved() === 0);
});
