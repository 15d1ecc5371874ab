import { PassThrough, type Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGatewayHandler, type StreamingHandler } from '../../../lambdas/gateway/handler.js';
import {
  answerJson,
  CHAT,
  COMPLETION,
  DAILY_TOKENS,
  DEVELOPER,
  eventually,
  type GatewayWorld,
  gatewayWorld,
  type Script,
  streamEvents,
  USAGE,
} from '../../support/gateway-world.js';
import { type HostileForm, harmlessForm } from '../../support/hostile-forms.js';

const STANDING = {
  'x-governance-remaining-budget-percent': expect.stringMatching(/^\d+$/),
  'x-governance-remaining-req-minute': expect.stringMatching(/^\d+$/),
  'x-governance-remaining-tokens-day': expect.stringMatching(/^\d+$/),
};

interface Head {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
}

let heads: Head[] = [];
const runtime = {
  streamifyResponse: (handler: StreamingHandler) => handler,
  HttpResponseStream: {
    from(stream: Writable, head: Head): Writable {
      heads.push(head);
      return stream;
    },
  },
};

beforeEach(() => {
  heads = [];
  Object.assign(globalThis, { awslambda: runtime });
});
afterEach(() => void Reflect.deleteProperty(globalThis, 'awslambda'));

function anEvent(body: unknown, change: object = {}) {
  return {
    version: '2.0',
    rawPath: '/v1/chat/completions',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', 'x-caller-arn': 'smuggled' },
    requestContext: {
      http: { method: 'POST', path: '/v1/chat/completions' },
      authorizer: { iam: { userArn: DEVELOPER, accountId: '111122223333' } },
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    isBase64Encoded: false,
    ...change,
  };
}

function streamingHandler({ gateway }: GatewayWorld, flush: () => Promise<void>) {
  return createGatewayHandler({
    gateway,
    ready: Promise.resolve(),
    flush,
  }) as StreamingHandler;
}

async function invoke(world: GatewayWorld, event: unknown, flush = async () => {}) {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  const handler = streamingHandler(world, flush);
  await handler(event, stream);
  return { ...heads[0], text: Buffer.concat(chunks).toString(), stream };
}

const completes: Script = (response) => answerJson(response, 200, COMPLETION);

test("a function URL's event is answered by the rules of its IAM identity", async () => {
  const world = await gatewayWorld(completes);

  const { statusCode, headers, text } = await invoke(world, anEvent(CHAT));

  expect(statusCode).toBe(200);
  expect(headers).toEqual({ 'content-type': 'application/json', ...STANDING });
  expect(JSON.parse(text)).toEqual(COMPLETION);
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
});

test('a session of a caller is named to Mistral as the plain server names it', async () => {
  const world = await gatewayWorld(completes);
  const headers = { 'x-affinity': 'session' };

  await invoke(world, anEvent(CHAT, { headers }));
  await world.ask(CHAT, { headers });

  const [here, there] = world.received.map((one) => one.headers['x-affinity']);
  expect(here).toMatch(/^[0-9a-f]{32}$/);
  expect(here).toBe(there);
});

test('a body in base64 is the same body', async () => {
  const world = await gatewayWorld(completes);
  const body = Buffer.from(JSON.stringify(CHAT)).toString('base64');

  expect((await invoke(world, anEvent(body, { isBase64Encoded: true }))).statusCode).toBe(200);
});

test('a form is read in memory, of any size: its bytes come in base64', async () => {
  const world = await gatewayWorld(completes, (document) => {
    document.workspaces[0].models.push('voxtral-mini-latest');
    document.roles.developer.models = '*';
    document.gateway.maxBodyBytes = 100_000;
  });
  const invokeWith = (audio: string, change: Partial<HostileForm> = {}) => {
    const { body, contentType, contentEncoding } = { ...harmlessForm(audio), ...change };
    const event = anEvent(body.toString('base64'), {
      rawPath: '/v1/audio/transcriptions',
      isBase64Encoded: true,
      headers: { 'content-type': contentType, 'content-encoding': contentEncoding },
    });
    heads = [];
    return invoke(world, event);
  };

  expect((await invokeWith('\xff\x00'.repeat(10_000))).statusCode).toBe(200);
  expect(world.received[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  const large = await invokeWith('x'.repeat(100_000));
  expect([large.statusCode, JSON.parse(large.text).message]).toEqual([
    413,
    expect.stringContaining('Send the URL of the file'),
  ]);
  expect((await invokeWith('x', { contentEncoding: 'gzip' })).statusCode).toBe(415);
  expect((await invokeWith('x', { contentType: 'text/plain' })).statusCode).toBe(400);
});

test('a compressed body is unpacked, within the limit for bodies', async () => {
  const world = await gatewayWorld(completes, (document) => {
    document.gateway.maxBodyBytes = 100_000;
  });
  const invokeWith = (body: Buffer, encoding: string) =>
    invoke(
      world,
      anEvent(body.toString('base64'), {
        isBase64Encoded: true,
        headers: { 'content-encoding': encoding, 'content-length': String(body.length) },
      }),
    );

  expect((await invokeWith(gzipSync(JSON.stringify(CHAT)), 'gzip')).statusCode).toBe(200);
  heads = [];
  expect((await invokeWith(gzipSync(Buffer.alloc(100_001)), 'gzip')).statusCode).toBe(413);
  heads = [];
  const unknown = await invokeWith(Buffer.from('x'), 'zstd');
  expect([unknown.statusCode, JSON.parse(unknown.text).code]).toEqual([
    415,
    'unsupported_encoding',
  ]);
});

test('a document that is too large for a body has a way that works', async () => {
  const world = await gatewayWorld(completes);
  const { statusCode, text } = await invoke(
    world,
    anEvent('x'.repeat(5_000_000), { rawPath: '/v1/ocr' }),
  );

  expect(statusCode).toBe(413);
  expect(JSON.parse(text)).toMatchObject({
    code: 'body_too_large',
    message: expect.stringContaining('send its URL instead, as document.document_url'),
  });
});

test.each([
  ['no identity', undefined],
  ['an identity that the policy does not name', DEVELOPER.replace('developer', 'stranger')],
])('with %s, nothing of a body is read', async (_who, userArn) => {
  const world = await gatewayWorld(completes);
  const requestContext = {
    http: { method: 'POST' },
    authorizer: userArn === undefined ? {} : { iam: { userArn } },
  };
  for (const headers of [{}, { 'content-encoding': 'gzip' }, { 'content-encoding': 'zstd' }]) {
    heads = [];
    const body = 'x'.repeat(8_000_000);
    const { text } = await invoke(world, anEvent(body, { requestContext, headers }));
    expect([heads[0]?.statusCode, JSON.parse(text).code]).toEqual([403, 'unknown_caller']);
  }
});

test('a caller that does not read its answer does not keep the function', async () => {
  const world = await gatewayWorld(
    (response) => answerJson(response, 200, { ...COMPLETION, padding: 'x'.repeat(10_000) }),
    (document) => {
      document.gateway.idleTimeoutSeconds = 1;
    },
  );
  const stream = new PassThrough({ highWaterMark: 1000 });
  await streamingHandler(world, async () => {})(anEvent(CHAT), stream);
  expect(stream.destroyed).toBe(true);
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
});

test.each(['/v1/models', '/v1/libraries'])('HEAD %s has no body', async (rawPath) => {
  const world = await gatewayWorld(completes);
  const requestContext = {
    http: { method: 'HEAD' },
    authorizer: { iam: { userArn: DEVELOPER } },
  };
  const { statusCode, text } = await invoke(world, anEvent('', { rawPath, requestContext }));
  expect([statusCode, text]).toEqual([rawPath === '/v1/models' ? 200 : 404, '']);
});

test('a capped max_tokens is in a header', async () => {
  const world = await gatewayWorld(completes, (document) => {
    document.roles.developer.overMaxTokens = 'cap';
  });
  const { statusCode, headers } = await invoke(world, anEvent({ ...CHAT, max_tokens: 9000 }));
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'x-governance-max-tokens': '2000' });
});

test('a stream passes as it comes', async () => {
  const events = streamEvents(['one', 'two']);
  const world = await gatewayWorld((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) response.write(event);
    response.end();
  });

  const { headers, text } = await invoke(world, anEvent({ ...CHAT, stream: true }));

  expect(headers).toEqual({ 'content-type': 'text/event-stream', ...STANDING });
  expect(text).toBe(events.join(''));
});

test('usage is written before the answer ends and Lambda freezes the function', async () => {
  const world = await gatewayWorld(completes);
  const stream = new PassThrough();
  stream.resume();
  const states: unknown[] = [];
  const flush = async () => {
    states.push([world.quotas.ends.settled, stream.writableEnded]);
  };

  const handler = streamingHandler(world, flush);
  await handler(anEvent(CHAT), stream);

  expect(states).toEqual([[1, false]]);
  expect(stream.writableFinished).toBe(true);
});

test('a long answer renews the leases meanwhile, and not afterwards', async () => {
  let flushes = 0;
  const flush = async () => {
    flushes += 1;
    if (flushes === 1) throw new Error('throttled');
  };
  const world = await gatewayWorld(async (response) => {
    await eventually(() => flushes >= 3);
    answerJson(response, 200, COMPLETION);
  });
  const handler = createGatewayHandler({
    gateway: world.gateway,
    ready: Promise.resolve(),
    flush,
    flushEveryMs: 5,
  }) as StreamingHandler;

  await handler(anEvent(CHAT), new PassThrough().resume());
  const atEnd = flushes;
  await new Promise((resolve) => setTimeout(resolve, 30));

  expect(atEnd).toBeGreaterThanOrEqual(4);
  expect(flushes).toBe(atEnd);
});

test('an invocation lasts until an answer is settled for which its caller no longer waits', async () => {
  let finish = () => {};
  const world = await gatewayWorld(
    (response) => {
      finish = () => answerJson(response, 200, COMPLETION);
    },
    (document) => {
      document.gateway.firstByteTimeoutSeconds = 0.05;
    },
  );
  const stream = new PassThrough().resume();
  const settledAtFlushes: number[] = [];
  const handler = streamingHandler(world, async () => {
    settledAtFlushes.push(world.quotas.ends.settled);
  });
  let isOver = false;
  const invocation = handler(anEvent(CHAT), stream).then(() => {
    isOver = true;
  });

  await eventually(() => stream.writableFinished);
  expect(heads[0]?.statusCode).toBe(504);
  expect(isOver).toBe(false);
  finish();
  await invocation;

  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
  expect(settledAtFlushes).toEqual([0, 1]);
});

test('a failed flush does not hold the answer back', async () => {
  const world = await gatewayWorld(completes);

  const { text } = await invoke(world, anEvent(CHAT), () => Promise.reject(new Error('throttled')));

  expect(JSON.parse(text)).toEqual(COMPLETION);
});

test.each([
  ['without an identity', { requestContext: { http: { method: 'POST' } } }, 403, 'unknown_caller'],
  ['for another path', { rawPath: '/v1/libraries' }, 404, 'endpoint_not_allowed'],
  [
    'for another method',
    { requestContext: { http: { method: 'PUT' } } },
    405,
    'method_not_allowed',
  ],
  ['shorter than announced', { headers: { 'content-length': '4000' } }, 400, 'invalid_request'],
  [
    'that announces a body too large',
    { headers: { 'content-length': '99999999' } },
    413,
    'body_too_large',
  ],
  ['with a body too large', { body: `{"model":"${'x'.repeat(5e6)}"}` }, 413, 'body_too_large'],
])('an event %s is refused', async (_name, change, status, code) => {
  const world = await gatewayWorld(completes);

  const { statusCode, text } = await invoke(world, anEvent(CHAT, change));

  expect(statusCode).toBe(status);
  expect(JSON.parse(text)).toMatchObject({ object: 'error', code });
  expect(world.received).toEqual([]);
});

test('a caller that disconnects aborts the request at Mistral and is settled before the invocation ends', async () => {
  const events = streamEvents(['one', 'two']);
  const begins: Script = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events.slice(0, 2).join(''));
  };
  const unawaited = { withinMs: 60_000, streamWithinMs: 50, atOnce: 64 };
  const world = await gatewayWorld(begins, undefined, { unawaited });
  const stream = new PassThrough();
  stream.once('data', () => stream.destroy());
  let settledAtFlush = 0;
  const flush = async () => {
    settledAtFlush = world.quotas.ends.settled;
  };

  const handler = streamingHandler(world, flush);
  await handler(anEvent({ ...CHAT, stream: true }), stream);

  expect(settledAtFlush).toBe(1);
  await eventually(() => world.received[0]?.aborted === true);
});

test('an upstream that fails mid-stream interrupts the answer', async () => {
  const world = await gatewayWorld((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(streamEvents(['one'])[0], () => response.socket?.destroy());
  });

  const { text, stream } = await invoke(world, anEvent({ ...CHAT, stream: true }));

  expect(text).toBe(streamEvents(['one'])[0]);
  expect(stream.destroyed).toBe(true);
  expect(stream.writableFinished).toBe(false);
});

test('a caller that reads slowly slows Mistral down', async () => {
  const block = `data: ${'x'.repeat(65_536)}\n\n`;
  const world = await gatewayWorld((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 0; i < 100; i += 1) response.write(block);
    response.end();
  });
  const stream = new PassThrough();
  let buffered = 0;
  let bytes = 0;
  stream.on('readable', () => {
    buffered = Math.max(buffered, stream.readableLength + stream.writableLength);
    setImmediate(() => {
      for (let chunk = stream.read(); chunk; chunk = stream.read()) bytes += chunk.length;
    });
  });

  const handler = streamingHandler(world, async () => {});
  await handler(anEvent({ ...CHAT, stream: true }), stream);
  await eventually(() => bytes === 100 * block.length);

  expect(buffered).toBeLessThan(1_000_000);
});

test('the query of an event reaches the endpoints that have one', async () => {
  const world = await gatewayWorld(completes);
  const asked = (rawQueryString: string) =>
    invoke(
      world,
      anEvent('', {
        ...{ rawPath: '/v1/files', rawQueryString },
        requestContext: {
          http: { method: 'GET', path: '/v1/files' },
          authorizer: { iam: { userArn: DEVELOPER } },
        },
      }),
    );

  expect(JSON.parse((await asked('page=x')).text).message).toMatch(/^query parameter page must be/);
  expect(JSON.parse((await asked('page=1')).text).message).toMatch(/set OBJECTS_TABLE_NAME/);
});
