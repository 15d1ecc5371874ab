import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DEVELOPER,
  eventually,
  gatewayWorld,
  type Script,
  session,
  streamEvents,
} from '../support/gateway-world.js';
import { rawConnection } from '../support/raw-connection.js';

const BODY = JSON.stringify(CHAT);
const BRIEFLY = { withinMs: 60_000, streamWithinMs: 50, atOnce: 64 };
const STREAMED = JSON.stringify({ ...CHAT, stream: true });

function request(body: string, ...lines: readonly string[]): string {
  const head = ['POST /v1/chat/completions HTTP/1.1', 'Host: h', `${CALLER_HEADER}: ${DEVELOPER}`];
  return `${[...head, `Content-Length: ${body.length}`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** Sends a part of a stream, and the rest on demand. */
function inTwoParts() {
  const [first = '', ...rest] = streamEvents(['word']);
  let finish = () => {};
  const script: Script = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(first);
    finish = () => response.end(rest.join(''));
  };
  return { script, finish: () => finish() };
}

test.each([2, 3, 20])('a hang-up ends all of %d requests that were sent at once', async (count) => {
  const begins: Script = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(streamEvents(['word'])[0]);
  };
  const world = await gatewayWorld(begins, undefined, { unawaited: BRIEFLY });
  const { socket, heard } = await rawConnection(world.url);
  socket.write(request(STREAMED).repeat(count));
  await eventually(() => world.received.length === count && heard().includes('data:'));
  expect(world.quotas.reserved()).toBeGreaterThan(0);

  socket.destroy();

  await eventually(() => world.received.every(({ aborted }) => aborted));
  await eventually(() => world.quotas.reserved() === 0);
  expect(world.quotas.ends.settled).toBe(count);
});

test('a packed request behind another one is not sent once its connection is gone', async () => {
  const world = await gatewayWorld(() => {});
  let arrived = 0;
  world.shell.server.on('request', (message) => {
    message.once('end', () => {
      arrived += 1;
    });
  });
  // All threads that unpack have something else to do until the connection is gone.
  const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('x', 'y', 100_000, 64, 'sha512'));
  const packed = gzipSync(BODY);
  const head = request('', 'Content-Encoding: gzip').replace(/: 0\r/, `: ${packed.length}\r`);
  const { socket } = await rawConnection(world.url);
  socket.write(Buffer.concat([Buffer.from(request(STREAMED) + head), packed]));
  await eventually(() => arrived === 2 && world.received.length === 1);

  socket.destroy();

  await eventually(() => world.received[0]?.aborted === true);
  await Promise.all(busy);
  await promisify(gunzip)(gzipSync('x')); // behind the body in the same queue
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(world.received).toHaveLength(1);
  await eventually(() => world.quotas.reserved() === 0);
});

test('requests that were sent at once are answered in their order', async () => {
  const world = await gatewayWorld(async (response, { body }) => {
    const { random_seed: place } = JSON.parse(body);
    await new Promise((resolve) => setTimeout(resolve, 60 - place * 20));
    answerJson(response, 200, { ...COMPLETION, id: `answer ${place}` });
  });
  const { socket, heard } = await rawConnection(world.url);
  const places = ['1', '2', '3'];
  const bodies = places.map((place) => BODY.replace('{', `{"random_seed":${place},`));
  socket.write(bodies.map((body) => request(body)).join(''));
  await eventually(() => heard().split('HTTP/1.1 200').length === 4);
  expect([...heard().matchAll(/"id":"answer (\d)"/g)].map(([, place]) => place)).toEqual(places);
});

describe('what is not HTTP, after a request', () => {
  const GARBAGE: readonly (readonly [string, string])[] = [
    ['text', 'garbage\r\n\r\n'],
    ['a body that is longer than announced', '{"model":"mistral-large-latest"}'],
    ['two lengths', `${request('x', 'Content-Length: 7')}`],
    ['a length and chunks', `${request('x', 'Transfer-Encoding: chunked')}`],
    ['a header without a name', 'GET /v1/models HTTP/1.1\r\n: x\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['bytes', '\u0016\u0003\u0001\u0002'],
  ];

  test.each(GARBAGE)('%s is refused behind a running stream, not in it', async (_what, garbage) => {
    const { script, finish } = inTwoParts();
    const world = await gatewayWorld(script);
    const { socket, heard, isClosed } = await rawConnection(world.url);
    socket.write(request(STREAMED));
    await eventually(() => heard().includes('data:'));

    socket.write(garbage);
    socket.write(garbage);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard()).not.toContain('400');
    finish();

    await eventually(isClosed);
    const [answer, refusal, ...more] = heard().split(/(?=HTTP\/1\.1 )/);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*data: \[DONE\]\n\n\r\n0\r\n\r\n$/);
    expect(refusal).toMatch(/^HTTP\/1\.1 400 [\s\S]*connection: close\r\n\r\n\{[\s\S]*\}$/);
    expect(more).toEqual([]);
  });

  test.each(GARBAGE)(
    '%s is refused behind an answer to come, not before it',
    async (_what, garbage) => {
      let finish = () => {};
      const world = await gatewayWorld((response) => {
        finish = () => answerJson(response, 200, COMPLETION);
      });
      const { socket, heard, isClosed } = await rawConnection(world.url);
      socket.write(request(BODY) + garbage);
      await eventually(() => world.received.length === 1);
      expect(heard()).toBe('');
      finish();

      await eventually(isClosed);
      expect(heard().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
      expect(world.received).toHaveLength(1);
    },
  );

  test('a chunk that is none ends its own request, after the answer before it', async () => {
    const { script, finish } = inTwoParts();
    const world = await gatewayWorld(script);
    const { socket, heard, isClosed } = await rawConnection(world.url);
    const chunked = request('', 'Transfer-Encoding: chunked').replace('Content-Length: 0\r\n', '');
    socket.write(request(STREAMED));
    await eventually(() => heard().includes('data:'));
    socket.write(`${chunked}5\r\n{"mod\r\nzz\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard()).not.toContain('400');
    finish();
    await eventually(isClosed);
    expect(heard().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(world.received).toHaveLength(1);
  });

  test('a refused body that turns to garbage gets no second answer', async () => {
    const world = await gatewayWorld(() => {});
    const { socket, heard, isClosed } = await rawConnection(world.url);
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\n${CALLER_HEADER}: ${session('stranger')}\r\n`;
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"mod\r\n`);
    await eventually(() => heard().includes('unknown_caller'));
    socket.write('zz\r\n');
    await eventually(isClosed);
    expect(heard().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403']);
  });

  test('a client that does not close after its refusal is cut off', async () => {
    const world = await gatewayWorld(() => {});
    const { socket, heard } = await rawConnection(world.url);
    socket.write('garbage\r\n\r\n');
    await eventually(() => heard().includes('400 Bad Request'));
    const connections = () =>
      new Promise<number>((resolve) =>
        world.shell.server.getConnections((_, count) => resolve(count)),
      );
    await eventually(async () => (await connections()) === 0);
  });
});

describe('what a proxy before the gateway may read in another way', () => {
  const head = (line: string, ...lines: readonly string[]) =>
    `${[line, `${CALLER_HEADER}: ${DEVELOPER}`, ...lines].join('\r\n')}\r\n\r\n`;
  const chat = (version: string) => `POST /v1/chat/completions HTTP/${version}`;
  const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

  test.each([
    ['HTTP/1.0 in chunks', head(chat('1.0'), 'Transfer-Encoding: chunked') + chunks],
    ['HTTP/1.0 with Transfer-Encoding: identity', head(chat('1.0'), 'Transfer-Encoding: identity')],
    ['two hosts', head(chat('1.1'), 'Host: a', 'Host: b', `Content-Length: ${BODY.length}`) + BODY],
    ['the same host twice', head(chat('1.1'), 'Host: a', 'hOST: a', 'Content-Length: 0')],
    ['two hosts in HTTP/1.0', head(chat('1.0'), 'Host: a', 'Host: b', 'Content-Length: 0')],
    ['no host', head(chat('1.1'), `Content-Length: ${BODY.length}`) + BODY],
  ])('%s is refused, and the connection closed', async (_what, sent) => {
    const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
    const { socket, heard, isClosed } = await rawConnection(world.url);
    socket.write(sent);
    await eventually(isClosed);
    expect(heard()).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard().match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
    expect(world.received).toEqual([]);
  });

  test('HTTP/1.0 with a length is served', async () => {
    const world = await gatewayWorld((response) => answerJson(response, 200, COMPLETION));
    const { socket, heard, isClosed } = await rawConnection(world.url);
    socket.write(head(chat('1.0'), `Content-Length: ${BODY.length}`) + BODY);
    await eventually(isClosed);
    expect(heard()).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a caller that does not read', () => {
  const soon = (document: { gateway: { idleTimeoutSeconds?: number } }) => {
    document.gateway.idleTimeoutSeconds = 0.1;
  };

  async function neverReading(path: string, method: string, answered: string) {
    const world = await gatewayWorld(
      (response) => answerJson(response, 200, { ...COMPLETION, padding: 'x'.repeat(500_000) }),
      soon as Parameters<typeof gatewayWorld>[1],
    );
    const { socket } = await rawConnection(world.url);
    socket.pause();
    const caller = answered === 'unknown_caller' ? session('stranger') : DEVELOPER;
    const one = `${method} ${path} HTTP/1.1\r\nHost: h\r\n${CALLER_HEADER}: ${caller}\r\nContent-Length: 0\r\n\r\n`;
    const connections = () =>
      new Promise<number>((resolve) =>
        world.shell.server.getConnections((_, count) => resolve(count)),
      );
    // Until the answers no longer fit into what the systems keep on the way.
    let isFull = false;
    socket.on('error', () => {});
    while (!isFull && !socket.destroyed) {
      isFull = !socket.write(one.repeat(100));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return { connections };
  }

  test.each([
    ['the list of models', '/v1/models', 'GET', 'answered'],
    ['a refusal', '/v1/chat/completions', 'POST', 'unknown_caller'],
    ['a refused path', '/v1/files', 'POST', 'endpoint_not_allowed'],
  ])('of %s is cut off', async (_what, path, method, answered) => {
    const { connections } = await neverReading(path, method, answered);
    await eventually(async () => (await connections()) === 0);
  });
});
