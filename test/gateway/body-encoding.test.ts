import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  CHECKED_MODEL,
  COMPLETION,
  DEVELOPER,
  type GatewayWorld,
  gatewayWorld,
} from '../support/gateway-world.js';

const BODY = JSON.stringify(CHAT);

function world() {
  return gatewayWorld(
    (response) => answerJson(response, 200, COMPLETION),
    (document) => {
      document.gateway.maxBodyBytes = 100_000;
    },
  );
}

async function ask(
  { url }: GatewayWorld,
  body: Buffer,
  encoding: string,
  path = 'chat/completions',
) {
  const answer = await fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-encoding': encoding,
      [CALLER_HEADER]: DEVELOPER,
    },
    body: new Uint8Array(body),
  });
  const { code, message } = JSON.parse(await answer.text());
  return { status: answer.status, code, message };
}

test.each([
  ['gzip', gzipSync(BODY)],
  ['x-gzip', gzipSync(BODY)],
  ['GZIP ', gzipSync(BODY)],
  ['gzip', Buffer.concat([gzipSync(BODY.slice(0, 20)), gzipSync(BODY.slice(20))])],
  ['deflate', deflateSync(BODY)],
  ['br', brotliCompressSync(BODY)],
  ['identity', Buffer.from(BODY)],
])('a body in %s is unpacked, and sent to Mistral plainly', async (encoding, body) => {
  const { received, ...rest } = await world();
  expect(await ask({ received, ...rest }, body, encoding)).toMatchObject({ status: 200 });
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ ...CHAT, model: CHECKED_MODEL });
  expect(received[0]?.headers).not.toHaveProperty('content-encoding');
});

test.each(['zstd', 'compress', 'gzip, gzip', 'aws-chunked', 'constructor'])(
  'a body in %s is refused, with what is allowed',
  async (encoding) => {
    const { received, ...rest } = await world();
    expect(await ask({ received, ...rest }, Buffer.from(BODY), encoding)).toEqual({
      status: 415,
      code: 'unsupported_encoding',
      message: `content-encoding "${encoding}" is not available here: allowed are gzip, deflate, br and none`,
    });
    expect(received).toEqual([]);
  },
);

test.each([
  ['that is something else', Buffer.from(BODY)],
  ['that is cut', gzipSync(BODY).subarray(0, -10)],
])('a body in gzip %s is an invalid request', async (_name, body) => {
  expect(await ask(await world(), body, 'gzip')).toMatchObject({
    status: 400,
    code: 'invalid_request',
    message: 'the body is not valid gzip, as its content-encoding says',
  });
});

test.each([
  ['gzip', gzipSync(Buffer.alloc(50_000_000))],
  ['deflate', deflateSync(Buffer.alloc(100_001))],
  ['br', brotliCompressSync(Buffer.alloc(1_000_000))],
])('a body that unpacks from %s to more than is allowed is refused', async (encoding, bomb) => {
  expect(bomb.length).toBeLessThan(100_000);
  const before = process.memoryUsage().rss;
  expect(await ask(await world(), bomb, encoding)).toMatchObject({
    status: 413,
    code: 'body_too_large',
    message: 'the body unpacks to more than the 100000 bytes allowed',
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
});

test('documents that are too large for a body have a way that works', async () => {
  const document = { type: 'document_url', document_url: `data:;base64,${'A'.repeat(200_000)}` };
  const body = Buffer.from(JSON.stringify({ model: 'mistral-ocr-latest', document }));
  const hint = expect.stringContaining('send its URL instead, as document.document_url');
  const gateway = await world();
  expect(await ask(gateway, body, 'identity', 'ocr')).toMatchObject({ status: 413, message: hint });
  expect(await ask(gateway, gzipSync(body), 'gzip', 'ocr')).toMatchObject({
    ...{ status: 413, message: hint },
  });
});
