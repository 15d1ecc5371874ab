import { expect, test } from 'vitest';
import { json } from '../../support/loopback.js';
import {
  type Answer,
  cutOff,
  get,
  good,
  hang,
  hangMidBody,
  hangUp,
  inTurn,
  ok,
  PLAINTEXT,
  post,
  type Request,
  remove,
  send,
  status,
  text,
} from '../../support/mistral-calls.js';

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
  const { outcome, slept } = await send(server, request, {
    timeoutMs: answer === hang || answer === hangMidBody ? 50 : 60_000,
  });
  expect(outcome).toMatchObject({ name: errorName });
  // Not by what the server has seen: a request may time out before it arrives.
  expect(slept).toHaveLength(attempts - 1);
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

test('fails on a body over the cap, without reading it again', async () => {
  const server = await inTurn(text(`"${'x'.repeat(3 * 1024 * 1024)}"`));
  const { outcome } = await send(server, get, { maxBodyBytes: 1024 * 1024 });
  expect(String(outcome)).toBe(
    'MistralResponseError: GET /v1/things answered 200 with more than 1 MiB',
  );
  expect(server.requests).toHaveLength(1);
});

test('accepts unknown fields', async () => {
  const server = await inTurn((r) => json(r, 200, { ...good, more: 1 }));
  expect((await send(server, get)).outcome).toEqual(good);
});

test('says why there is no answer, without the request', async () => {
  const slow = await send(await inTurn(hang), get, { timeoutMs: 50 });
  expect(String(slow.outcome)).toBe(
    'MistralUnavailableError: GET /v1/things gave no complete answer within 0.05 s',
  );
  const unreachable = await send({ url: 'http://127.0.0.1:9', requests: [] }, get);
  expect(String(unreachable.outcome)).toMatch(/GET \/v1\/things failed: connection broken/);
  expect(unreachable.outcome).not.toHaveProperty('cause.message');
});

test('never follows a redirect with the key', async () => {
  const elsewhere = await inTurn(ok);
  const server = await inTurn(status(307, { location: `${elsewhere.url}/v1/things` }));
  expect(String((await send(server, get)).outcome)).toContain('answered 307 a redirect');
  expect(elsewhere.requests).toHaveLength(0);
});
