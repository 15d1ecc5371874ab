import { expect, test } from 'vitest';
import { MistralError } from '../../../governance/platform/errors.js';
import { json } from '../../support/loopback.js';
import {
  type Answer,
  get,
  inTurn,
  PLAINTEXT,
  send,
  status,
  text,
} from '../../support/mistral-calls.js';

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
  ['text that is not JSON', text('plain', 400), 'GET /v1/things answered 400'],
  [
    'the key',
    (r) => json(r, 401, { message: `no key ${PLAINTEXT} here` }),
    ': no key [api key] here',
  ],
  ['a piece of it', (r) => json(r, 401, { detail: 'key HQSxfB7IaJ* bad' }), ': key [api key]* bad'],
  ['HTML', text('<html>not found</html>', 404), 'answered 404 with HTML, so it is not the API'],
  ['a long text', (r) => json(r, 400, { message: 'x'.repeat(9999) }), 'x'.repeat(300)],
])('an error quotes the message of Mistral: %s', async (_name, answer, message) => {
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
  ['something that is not an id', (r) => json(r, 400, { request_id: '<b>' }), undefined],
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
