import { Mistral } from '@mistralai/mistralai';
import { MistralError, UnexpectedClientError } from '@mistralai/mistralai/models/errors';
import { describe, expect, test } from 'vitest';
import {
  CHAT,
  clientWorld,
  completing,
  DAILY_TOKENS,
  dailyTokensFor,
  KEY,
  MONEY,
  REQUESTS,
} from '../support/client-world.js';
import { answerJson, COMPLETION, type Script } from '../support/gateway-world.js';

test('chat is answered with the key of the secret, and settled by its usage', async () => {
  const world = await clientWorld({});
  const mistral = await world.create();

  const answer = await mistral.chat.complete(CHAT);
  await mistral.flush();

  expect(mistral).toBeInstanceOf(Mistral);
  expect(answer.choices[0]?.message?.content).toBe(COMPLETION.choices[0]?.message.content);
  expect(world.sent()[0]?.headers.authorization).toBe(`Bearer ${KEY}-1`);
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 18 });
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 1 });
  // 11 × 150 + 7 × 600 nano-dollars
  expect(await world.total(MONEY)).toMatchObject({ settled: 5850 });
});

test('max_tokens is written into every request that can generate', async () => {
  const world = await clientWorld({});
  const mistral = await world.create();

  await mistral.chat.complete(CHAT);
  await mistral.chat.complete({ ...CHAT, maxTokens: 5 });

  const bodies = world.sent().map(({ body }) => JSON.parse(body));
  expect(bodies.map(({ max_tokens }) => max_tokens)).toEqual([2000, 5]);
});

test('transcriptions of files, whole and as a stream', async () => {
  const usage = {
    prompt_audio_seconds: 7,
    prompt_tokens: 4,
    completion_tokens: 5,
    total_tokens: 97,
  };
  const answer = { model: 'm', text: 'a word', language: 'en', segments: [], usage };
  const script: Script = (response, { body }) => {
    if (!body.includes('name="stream"\r\n\r\ntrue')) return answerJson(response, 200, answer);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const done = { type: 'transcription.done', ...answer };
    return response.end(`event: ${done.type}\ndata: ${JSON.stringify(done)}\n\n`);
  };
  const world = await clientWorld({
    script,
    policy: (document) => {
      document.workspaces[0].models.push('voxtral-mini-latest');
      document.roles.developer.models = '*';
    },
  });
  const mistral = await world.create();
  const file = { fileName: 'a.mp3', content: Buffer.from('sound') };
  const request = { model: 'voxtral-mini-latest', file };

  const { text } = await mistral.audio.transcriptions.complete(request);
  for await (const _ of await mistral.audio.transcriptions.stream(request));
  await mistral.flush();

  expect(text).toBe('a word');
  expect(world.sent()[0]?.body).toContain('voxtral-mini-2602');
  // Twice seven seconds at 0.003 dollars a minute.
  expect(await world.total(MONEY)).toMatchObject({ settled: 700_000 });
  await expect(
    mistral.audio.transcriptions.complete({ ...request, file: { ...file, fileName: '../a' } }),
  ).rejects.toThrow(/must be a plain name/);
});

test('fim, embeddings and models', async () => {
  const script: Script = (response, received, count) => {
    if (received.url !== '/v1/embeddings') return completing(response, received, count);
    const data = [{ object: 'embedding', index: 0, embedding: [0.5] }];
    const usage = { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4 };
    return answerJson(response, 200, { id: 'e', object: 'list', model: 'm', data, usage });
  };
  const world = await clientWorld({
    script,
    policy: (document) => document.workspaces[0].models.push('mistral-embed'),
  });
  const mistral = await world.create();

  await mistral.fim.complete({ model: 'codestral-latest', prompt: 'def f(' });
  await mistral.embeddings.create({ model: 'mistral-embed', inputs: ['a'] });
  const { data = [] } = await mistral.models.list();
  await mistral.flush();

  expect(data).toHaveLength(6);
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 18 + 4 });
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 2 });
});

test('a model that is newer than the price book is known from the first request', async () => {
  const world = await clientWorld({
    policy: (document) => {
      document.workspaces[0].models.push('brand-new');
      document.roles.developer.models.push('brand-new');
    },
  });
  const mistral = await world.create();

  await expect(mistral.chat.complete({ ...CHAT, model: 'brand-new' })).resolves.toBeDefined();
});

test('while leases last no request waits for AWS', async () => {
  const world = await clientWorld({
    policy: (document) => {
      document.workspaces[0].requestsPerMinute = 60_000;
    },
  });
  const mistral = await world.create();
  for (let warm = 0; warm < 20; warm += 1) await mistral.chat.complete(CHAT);
  await mistral.flush();
  const before = world.dynamoCalls.length + world.secretCalls.length;

  for (let asked = 0; asked < 20; asked += 1) await mistral.chat.complete(CHAT);

  expect(world.dynamoCalls.length + world.secretCalls.length - before).toBeLessThanOrEqual(1);
});

describe('refused before anything is sent', () => {
  test.each([
    [{ ...CHAT, model: 'mistral-large-latest' }, 'model_not_allowed', undefined],
    [{ ...CHAT, maxTokens: 2001 }, 'max_tokens_exceeded', 'max_tokens'],
    [{ ...CHAT, n: 0 }, 'invalid_request', 'n'],
  ])('%j is %s', async (request, code, param) => {
    const world = await clientWorld({});
    const mistral = await world.create();

    await expect(mistral.chat.complete(request)).rejects.toMatchObject({
      name: 'GovernanceRefusedError',
      code,
      param,
      quota: undefined,
    });
    expect(world.sent()).toEqual([]);
  });

  test('a call that is not metered, unless allowed', async () => {
    const world = await clientWorld({ script: (response) => answerJson(response, 200, {}) });
    const strict = await world.create();
    const lenient = await world.create({ unmetered: 'allow' });
    const upload = (mistral: Mistral) => mistral.files.delete({ fileId: 'f' });

    await expect(upload(strict)).rejects.toMatchObject({ code: 'endpoint_not_allowed' });
    expect(world.sent()).toEqual([]);
    await upload(lenient).catch(() => {}); // the SDK expects more fields in the answer
    expect(world.sent()[0]).toMatchObject({ method: 'DELETE', url: '/v1/files/f' });
    expect(world.sent()[0]?.headers.authorization).toBe(`Bearer ${KEY}-1`);
  });

  test('another server, which would receive the key', async () => {
    const elsewhere = await clientWorld({});
    const world = await clientWorld({});
    const mistral = await world.create({ unmetered: 'allow' });
    const serverURL = elsewhere.document.mistral.apiUrl;

    await expect(mistral.chat.complete(CHAT, { serverURL })).rejects.toMatchObject({
      code: 'endpoint_not_allowed',
    });
    expect(elsewhere.upstream.received).toEqual([]);
  });
});

describe('an identity', () => {
  test('may be that of an IAM caller, with the quotas of its role', async () => {
    const world = await clientWorld({});
    const caller = 'arn:aws:sts::111122223333:assumed-role/developer/alice';
    const mistral = await world.create({ caller } as never);

    await mistral.chat.complete(CHAT);
    await mistral.flush();

    const quota = dailyTokensFor('arn:aws:sts::111122223333:assumed-role/developer');
    expect(await world.total(quota)).toMatchObject({ settled: 18 });
  });

  test.each([
    [{ role: 'owner' }, 'role "owner" is not in the policy: known are analyst, developer'],
    [{ workspace: 'lab' }, 'workspace "lab" is not in the policy: known are dev-workspace'],
    [{ service: 'a b' }, 'service "a b" is not a valid name'],
    [
      { caller: 'arn:aws:sts::111122223333:assumed-role/unknown/x' },
      'caller "arn:aws:sts::111122223333:assumed-role/unknown/x" has no role',
    ],
    [
      { workspace: 'ml-workspace' },
      `secret mistral/dev-workspace/dev-team-key holds a key of workspace "dev-workspace", not of "ml-workspace"`,
    ],
  ])('%j is refused when the client is created', async (identity, message) => {
    const world = await clientWorld({});

    const created = world.create(identity as never);

    await expect(created).rejects.toThrow(message);
    await expect(created).rejects.toMatchObject({ name: 'GovernanceConfigurationError' });
  });
});

describe('a policy', () => {
  test('comes from a file, a document or a function', async () => {
    const world = await clientWorld({});
    const text = JSON.stringify(world.document);
    for (const policy of [async () => text, () => world.document, world.document]) {
      const mistral = await world.create({ policy });
      await expect(mistral.chat.complete(CHAT)).resolves.toBeDefined();
    }
    // The shipped one has the real Mistral, which no test calls.
    await expect(world.create({ policy: 'no-such-file.yaml' })).rejects.toThrow(
      'policy no-such-file.yaml could not be read',
    );
  });

  test('in YAML or JSON is validated with the place of every problem', async () => {
    const world = await clientWorld({});
    const wrong = { ...world.document, roles: 1, audit: { staleAfterDays: '30' } };
    const text = JSON.stringify(wrong, null, 2);
    await expect(world.create({ policy: async () => text })).rejects.toThrow(
      /policy:\d+:3 {2}roles: 1 is not a set of fields\n.* {2}policy:\d+:5 {2}audit\.staleAfterDays: "30" is text because of its quotes: write 30/s,
    );
    await expect(world.create({ policy: async () => 'a: [' })).rejects.toThrow(
      'policy has 1 problem:\n  policy:1:4  the "[" is not closed: add the "]"',
    );
  });

  test('is validated, with every problem listed', async () => {
    const world = await clientWorld({});
    const policy = { ...world.document, roles: {}, alerts: { runbook: 'x' } };

    await expect(world.create({ policy })).rejects.toThrow(
      /alerts\.runbook: unknown field, did you mean "runbookUrl"\?/,
    );
  });
});

test('other errors are those of the SDK', async () => {
  const world = await clientWorld({
    script: (response) => answerJson(response, 400, { object: 'error', message: 'no', code: '1' }),
  });
  const mistral = await world.create({
    fetch: async (input, init) => {
      const request = new Request(input as Request, init);
      if (request.headers.get('x-break')) throw new Error('broken');
      return fetch(request);
    },
  });

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: 400 });
  await expect(mistral.chat.complete(CHAT, { headers: { 'x-break': '1' } })).rejects.toBeInstanceOf(
    UnexpectedClientError,
  );
});

test.each([
  ['86400', '60'],
  ['Wed, 01 Jul 2026 00:00:00 GMT', '60'],
  ['7', '7'],
])('a Retry-After of %s is passed on as %s, as by the gateway', async (asked, passed) => {
  const world = await clientWorld({
    script: (response) =>
      answerJson(response, 429, { object: 'error', message: 'no' }, { 'retry-after': asked }),
  });
  const mistral = await world.create();

  const error = await mistral.chat.complete(CHAT).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(MistralError);
  const { statusCode, headers, body } = error as MistralError;
  expect([statusCode, headers.get('retry-after')]).toEqual([429, passed]);
  expect(body).toContain('"message":"no"');
});

test('the retries of the SDK are requests of their own, each settled once', async () => {
  const world = await clientWorld({
    script: (response, received, count) =>
      world.sent().length < 3
        ? answerJson(response, 503, {})
        : completing(response, received, count),
  });
  const backoff = { initialInterval: 1, maxInterval: 1, exponent: 1, maxElapsedTime: 60_000 };
  const mistral = await world.create({
    sdk: { retryConfig: { strategy: 'backoff', backoff, retryConnectionErrors: false } },
  });

  await mistral.chat.complete(CHAT);
  await mistral.flush();

  expect(world.sent()).toHaveLength(3);
  expect(await world.total(DAILY_TOKENS)).toMatchObject({ settled: 18 });
  expect(await world.total(REQUESTS)).toMatchObject({ settled: 3 });
});

test('flushing too rarely for the leases is rejected when the client is created', async () => {
  const world = await clientWorld({});

  await expect(world.create({ flushEverySeconds: 30 })).rejects.toMatchObject({
    name: 'GovernanceConfigurationError',
    message: 'flushEverySeconds is 30: the most allowed is 4',
  });
});
