import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createMistralHttp, type MistralHttpOptions } from '../../lambdas/adapters/mistral-http.js';
import { ApiKey } from '../../lambdas/domain/api-key.js';
import { MistralError } from '../../lambdas/domain/errors.js';
import { json, type Loopback, loopback } from '../support/loopback.js';

const PLAINTEXT = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';
const key = new ApiKey(PLAINTEXT);
const get = {
  method: 'GET',
  path: '/things',
  query: { name: 'a b', none: undefined },
  answer: z.object({ things: z.array(z.object({ id: z.string() })) }),
} as const;
const post = { ...get, method: 'POST', body: { name: 'new' } } as const;
const remove = { ...get, method: 'DELETE' } as const;
const good = { things: [{ id: '1' }] };

type Request = typeof get | typeof post | typeof remove;
type Answer = (response: ServerResponse) => void;

/** The answers in turn, the last one for good. */
function inTurn(...answers: Answer[]): Promise<Loopback> {
  return loopback((response, _request, count) =>
    answers[Math.min(count, answers.length) - 1]?.(response),
  );
}

async function send(server: Loopback, request: Request, options: MistralHttpOptions = {}) {
  const slept: number[] = [];
  const http = createMistralHttp(`${server.url}/v1/`, {
    random: () => 0.5,
    sleep: async (milliseconds) => slept.push(milliseconds),
    now: () => new Date('2026-11-24T10:00:00Z'),
    ...options,
  });
  const outcome = await http.send(request, { bearer: key, xApiKey: key }).catch((e: unknown) => e);
  if (outcome instanceof Error) expectNothingOfTheKey(outcome);
  return { outcome, slept };
}

/** Nor in what a log would print of it, `cause` included. */
function expectNothingOfTheKey(error: Error): void {
  const printed = inspect(error, { depth: 10, showHidden: true }).toLowerCase();
  for (let at = 0; at + 8 <= PLAINTEXT.length; at += 1) {
    expect(printed).not.toContain(PLAINTEXT.slice(at, at + 8).toLowerCase());
  }
}

const ok: Answer = (response) => json(response, 200, good);
const status =
  (code: number, headers = {}): Answer =>
  (response) =>
    json(response, code, { object: 'error', message: 'no luck' }, headers);
const text =
  (body: string, code = 200): Answer =>
  (response) =>
    response.writeHead(code).end(body);
const hangUp: Answer = (response) => response.destroy();
const hang: Answer = () => {};
const hangMidBody: Answer = (response) => response.writeHead(200).write('{"things":[');
const cutOff: Answer = (response) => {
  response.writeHead(200, { 'content-length': '100' }).write('{"thi', () => response.destroy());
};

test('sends the key as bearer and as x-api-key, and query and body as given', async () => {
  const server = await inTurn(ok);
  expect((await send(server, post)).outcome).toEqual(good);
  expect(server.requests).toMatchObject([
    {
      method: 'POST',
      path: '/v1/things',
      headers: {
        authorization: `Bearer ${PLAINTEXT}`,
        'x-api-key': PLAINTEXT,
        'content-type': 'application/json',
      },
      body: '{"name":"new"}',
    },
  ]);
  expect(server.requests[0]?.query.toString()).toBe('name=a+b');
});

test.each<[string, Request, Answer, number, string]>([
  ['GET after 429', get, status(429), 4, 'MistralRateLimitedError'],
  ['GET after 500', get, status(500), 4, 'MistralUnavailableError'],
  ['GET after 503', get, status(503), 4, 'MistralUnavailableError'],
  ['GET after a broken connection', get, hangUp, 4, 'MistralUnavailableError'],
  ['GET after a body cut off', get, cutOff, 4, 'MistralUnavailableError'],
  ['GET after no answer', get, hang, 4, 'MistralUnavailableError'],
  ['GET after half an answer', get, hangMidBody, 4, 'MistralUnavailableError'],
  ['GET after HTML', get, text('<html>sorry</html>'), 2, 'MistralResponseError'],
  ['GET after truncated JSON', get, text('{"things":[{"id":'), 2, 'MistralResponseError'],
  ['GET after wrong fields', get, text('{"things":[{"id":7}]}'), 2, 'MistralResponseError'],
  ['GET after an empty body', get, text(''), 2, 'MistralResponseError'],
  ['GET after 400', get, status(400), 1, 'MistralRequestError'],
  ['GET after 401', get, status(401), 1, 'MistralUnauthorizedError'],
  ['GET after 403', get, status(403), 1, 'MistralUnauthorizedError'],
  ['GET after 404', get, status(404), 1, 'MistralNotFoundError'],
  ['GET after 422', get, status(422), 1, 'MistralRequestError'],
  ['GET after a redirect', get, status(302, { location: '/else' }), 1, 'MistralResponseError'],
  ['DELETE after 429', remove, status(429), 4, 'MistralRateLimitedError'],
  ['DELETE after 502', remove, status(502), 4, 'MistralUnavailableError'],
  ['DELETE after a broken connection', remove, hangUp, 4, 'MistralUnavailableError'],
  ['DELETE after HTML', remove, text('<p>'), 1, 'MistralResponseError'],
  ['POST after 429', post, status(429), 4, 'MistralRateLimitedError'],
  ['POST after 500', post, status(500), 1, 'MistralUnavailableError'],
  ['POST after a broken connection', post, hangUp, 1, 'MistralUnavailableError'],
  ['POST after no answer', post, hang, 1, 'MistralUnavailableError'],
  ['POST after HTML', post, text('<html>'), 1, 'MistralResponseError'],
])('attempts %s as often as is safe', async (_name, request, answer, attempts, errorName) => {
  const server = await inTurn(answer);
  const { outcome } = await send(server, request, {
    timeoutMs: answer === hang || answer === hangMidBody ? 50 : 5000,
  });
  expect(outcome).toMatchObject({ name: errorName });
  expect(server.requests).toHaveLength(attempts);
});

test.each<[string, Answer[]]>([
  ['a 429, a 503 and a broken connection', [status(429), status(503), hangUp, ok]],
  ['a malformed answer', [text('<html>'), ok]],
  ['a malformed answer among others', [status(500), text('{'), status(500), ok]],
])('recovers from %s', async (_name, answers) => {
  const server = await inTurn(...answers);
  expect((await send(server, get)).outcome).toEqual(good);
  expect(server.requests).toHaveLength(answers.length);
});

test('waits longer with every attempt, a random part of it', async () => {
  const server = await inTurn(status(503));
  expect((await send(server, get)).slept).toEqual([100, 200, 400]);
  expect((await send(server, get, { random: () => 0.25 })).slept).toEqual([50, 100, 200]);
});

test.each([
  ['7', 7000],
  ['0.5', 500],
  ['600', 30_000],
  ['0', 100],
  ['-5', 100],
  ['soon', 100],
  ['Tue, 24 Nov 2026 10:00:12 GMT', 12_000],
  ['Tue, 24 Nov 2026 11:00:00 GMT', 30_000],
  ['Tue, 24 Nov 2026 09:00:00 GMT', 100],
])('with Retry-After %s waits %i ms', async (header, expected) => {
  const server = await inTurn(status(429, { 'retry-after': header }), ok);
  const { outcome, slept } = await send(server, get);
  expect(outcome).toEqual(good);
  expect(slept).toEqual([expected]);
});

test.each<[string, Answer, string]>([
  ['a short text', status(400), 'GET /v1/things answered 400: no luck'],
  ['detail as text', (r) => json(r, 401, { detail: 'Unauthorized' }), 'answered 401: Unauthorized'],
  [
    'a message with the fields that are wrong',
    (r) =>
      json(r, 422, {
        message: { detail: [{ loc: ['body', 'name'], msg: 'too long', input: PLAINTEXT }] },
      }),
    'answered 422: body.name: too long',
  ],
  [
    'a list',
    (r) => json(r, 422, { object: 'Error', detail: [{ msg: 'one' }, 'two'] }),
    ': one; two',
  ],
  ['JSON in a string', (r) => json(r, 422, { message: '{"detail":[{"msg":"inner"}]}' }), ': inner'],
  ['lines', (r) => json(r, 400, { message: 'one\n\ttwo\u0000' }), ': one two'],
  ['nothing of use', (r) => json(r, 400, { code: 3 }), 'GET /v1/things answered 400'],
  ['no JSON', text('plain', 400), 'GET /v1/things answered 400'],
  [
    'the key',
    (r) => json(r, 401, { message: `no key ${PLAINTEXT} here` }),
    ': no key [api key] here',
  ],
  ['a piece of it', (r) => json(r, 401, { detail: 'key HQSxfB7IaJ* bad' }), ': key [api key]* bad'],
  ['HTML', text('<html>not found</html>', 404), 'answered 404 with HTML, so not from the API'],
  ['more than anybody reads', (r) => json(r, 400, { message: 'x'.repeat(9999) }), 'x'.repeat(300)],
])('an error says in brief what Mistral said: %s', async (_name, answer, message) => {
  const { outcome } = await send(await inTurn(answer), get);
  expect(outcome).toBeInstanceOf(MistralError);
  expect(String(outcome)).toContain(message);
  expect(String(outcome).length).toBeLessThan(400);
});

test('an endless error body is cut short, its status counts', async () => {
  const { outcome } = await send(await inTurn(text(`"${'x'.repeat(100_000)}"`, 400)), get);
  expect(outcome).toMatchObject({ name: 'MistralRequestError', status: 400 });
  expect(String(outcome)).not.toContain('xx');
});

test.each<[string, Answer, string | undefined]>([
  ['header', status(400, { 'mistral-correlation-id': 'm-1', 'x-kong-request-id': 'k-1' }), 'm-1'],
  ['gateway', status(400, { 'x-kong-request-id': 'k-1' }), 'k-1'],
  ['body', (r) => json(r, 400, { message: 'no', request_id: 'b-1' }), 'b-1'],
  ['malformed success', (r) => json(r, 200, {}, { 'mistral-correlation-id': 'm-2' }), 'm-2'],
  ['echo of the key', (r) => json(r, 400, { request_id: PLAINTEXT }), undefined],
  ['something that is no id', (r) => json(r, 400, { request_id: '<b>' }), undefined],
])('an error carries the request id: from the %s', async (_name, answer, requestId) => {
  const { outcome } = await send(await inTurn(answer), get);
  expect(outcome).toMatchObject({ requestId });
  if (requestId) expect(String(outcome)).toContain(`(request ${requestId})`);
});

test.each([
  ['{"things":[{"id":1},{"id":2}]}', 'things[].id: '],
  ['{"other":1}', 'things: '],
  ['[]', 'the whole body: '],
  ['', 'the whole body: '],
  [`{"things":"${PLAINTEXT}"}`, 'things: '],
])('names the fields that are wrong in %s', async (body, field) => {
  const { outcome } = await send(await inTurn(text(body)), get);
  expect(String(outcome)).toContain(`GET /v1/things answered 200 not as documented: ${field}`);
  expect(String(outcome).split('things[].id')).toHaveLength(field.startsWith('things[]') ? 2 : 1);
});

test('fails on a body over the cap, without reading it again', async () => {
  const server = await inTurn(text(`"${'x'.repeat(3 * 1024 * 1024)}"`));
  const { outcome } = await send(server, get, { maxBodyBytes: 1024 * 1024 });
  expect(String(outcome)).toBe(
    'MistralResponseError: GET /v1/things answered 200 with more than 1 MiB',
  );
  expect(server.requests).toHaveLength(1);
});

test('takes fields it does not know', async () => {
  const server = await inTurn((r) => json(r, 200, { ...good, more: 1 }));
  expect((await send(server, get)).outcome).toEqual(good);
});

test('says why nothing came, without the request', async () => {
  const slow = await send(await inTurn(hang), get, { timeoutMs: 50 });
  expect(String(slow.outcome)).toBe(
    'MistralUnavailableError: GET /v1/things gave no complete answer within 0.05 s',
  );
  const nobody = await send({ url: 'http://127.0.0.1:9', requests: [] }, get);
  expect(String(nobody.outcome)).toMatch(/GET \/v1\/things failed: connection broken/);
  expect(nobody.outcome).not.toHaveProperty('cause.message');
});

test('never follows a redirect with the key', async () => {
  const elsewhere = await inTurn(ok);
  const server = await inTurn(status(307, { location: `${elsewhere.url}/v1/things` }));
  expect(String((await send(server, get)).outcome)).toContain('answered 307 a redirect');
  expect(elsewhere.requests).toHaveLength(0);
});

test('fails on a key that no header can carry, without quoting it', async () => {
  const server = await inTurn(ok);
  const http = createMistralHttp(server.url);
  const error = await http
    .send(get, { bearer: new ApiKey(`${PLAINTEXT}\n${PLAINTEXT}`) })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'MistralRequestError' });
  if (error instanceof Error) expectNothingOfTheKey(error);
  expect(server.requests).toHaveLength(0);
});
