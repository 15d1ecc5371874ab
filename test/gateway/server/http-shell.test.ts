import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DEVELOPER,
  eventually,
  type GatewayWorld,
  gatewayWorld,
} from '../../support/gateway-world.js';

const BODY = JSON.stringify(CHAT);

async function raw(world: GatewayWorld): Promise<{ socket: Socket; heard: () => string }> {
  const { port } = new URL(world.url);
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, heard: () => heard };
}

function head(...lines: readonly string[]): string {
  const all = ['POST /v1/chat/completions HTTP/1.1', 'Host: h', `${CALLER_HEADER}: ${DEVELOPER}`];
  return `${[...all, ...lines].join('\r\n')}\r\n\r\n`;
}

function answering(change?: Parameters<typeof gatewayWorld>[1]) {
  return gatewayWorld((response) => answerJson(response, 200, COMPLETION), change);
}

const SMALL: Parameters<typeof gatewayWorld>[1] = (document) => {
  document.gateway.maxBodyBytes = 1024;
};

test('a body that is announced as too large is rejected unread', async () => {
  const world = await answering(SMALL);
  const { socket, heard } = await raw(world);

  socket.write(head('Content-Length: 1025'));

  await eventually(() => heard().includes('"code":"body_too_large"'));
  expect(heard()).toMatch(/^HTTP\/1.1 413 /);
  expect(world.received).toEqual([]);
});

test('a caller that waits for "100 continue" gets it, or the refusal, before it sends', async () => {
  const world = await answering(SMALL);
  const tooMuch = await raw(world);
  tooMuch.socket.write(head('Content-Length: 5000', 'Expect: 100-continue'));
  await eventually(() => tooMuch.heard().includes('body_too_large'));
  expect(tooMuch.heard()).not.toContain('100 Continue');

  const fits = await raw(world);
  fits.socket.write(head(`Content-Length: ${BODY.length}`, 'Expect: 100-continue'));
  await eventually(() => fits.heard().startsWith('HTTP/1.1 100 Continue'));
  fits.socket.write(BODY);
  await eventually(() => fits.heard().includes('HTTP/1.1 200 OK'));
});

test('a body without a length is rejected as soon as it is too large', async () => {
  const world = await answering(SMALL);
  const { socket, heard } = await raw(world);
  const chunk = `200\r\n${'x'.repeat(512)}\r\n`;

  socket.write(head('Transfer-Encoding: chunked') + chunk + chunk);
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard()).toBe('');
  socket.write(chunk);

  await eventually(() => heard().includes('"code":"body_too_large"'));
  expect(world.received).toEqual([]);
});

test('a connection can be used for another request after a rejected body', async () => {
  const world = await answering(SMALL);
  const { socket, heard } = await raw(world);

  socket.write(head('Content-Length: 2000') + 'x'.repeat(2000));
  await eventually(() => heard().includes('body_too_large'));
  socket.write(head(`Content-Length: ${BODY.length}`) + BODY);

  await eventually(() => heard().includes('HTTP/1.1 200 OK'));
});

test('an Expect that is not known is refused in words', async () => {
  const world = await answering();
  const { socket, heard } = await raw(world);
  socket.write(head(`Content-Length: ${BODY.length}`, 'Expect: x') + BODY);
  await eventually(() => heard().includes('Expect is something else'));
  expect(heard()).toMatch(/^HTTP\/1\.1 400 /);
});

test('a CONNECT is refused in words: this is no proxy', async () => {
  const world = await answering();
  const { socket, heard } = await raw(world);
  socket.write('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n');
  await eventually(() => heard().includes('CONNECT is not served'));
  expect(heard()).toMatch(/^HTTP\/1\.1 400 /);
});

test('a body shorter than announced is an invalid request', async () => {
  const world = await answering();
  const { socket, heard } = await raw(world);

  socket.end(head(`Content-Length: ${BODY.length + 1}`) + BODY);

  await eventually(() => heard().includes('shorter than its Content-Length'));
  expect(heard()).toMatch(/^HTTP\/1.1 400 /);
  expect(heard()).toContain('"code":"invalid_request"');
  expect(world.received).toEqual([]);
});

test('a body longer than announced is cut, and the rest is not taken for a request', async () => {
  const world = await answering();
  const { socket, heard } = await raw(world);

  socket.write(`${head(`Content-Length: ${BODY.length}`)}${BODY}{"model":"mistral-large-latest"}`);

  await eventually(() => heard().includes('400 Bad Request'));
  expect(world.received.length).toBeLessThanOrEqual(1);
  expect(world.received.every(({ body }) => !body.includes('large'))).toBe(true);
});

test('a body with two kinds of length is rejected', async () => {
  const world = await answering();
  const { socket, heard } = await raw(world);

  socket.write(`${head('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`);

  await eventually(() => heard().startsWith('HTTP/1.1 400 '));
  expect(world.received).toEqual([]);
});

test('a draining server finishes its requests and accepts no new ones', async () => {
  let finish = () => {};
  const world = await gatewayWorld((response) => {
    finish = () => answerJson(response, 200, COMPLETION);
  });
  const running = world.ask(CHAT);
  await eventually(() => world.received.length === 1);

  let drained = false;
  const drain = world.shell.drain(60_000).then(() => {
    drained = true;
  });
  await expect(world.ask(CHAT)).rejects.toThrow();
  expect(drained).toBe(false);
  finish();

  expect((await running).status).toBe(200);
  expect(await (await running).json()).toEqual(COMPLETION);
  await drain;
});

test('a request that does not finish in time is cut off', async () => {
  const world = await gatewayWorld(() => {});
  const running = world.ask(CHAT);
  await eventually(() => world.received.length === 1);

  await Promise.all([world.shell.drain(0), expect(running).rejects.toThrow()]);
  await world.gateway.close();

  await eventually(() => world.quotas.ends.settled === 1);
});
