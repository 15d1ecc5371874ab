import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  answerJson,
  CHAT,
  eventually,
  gatewayWorld,
  UPSTREAM_KINDS,
} from '../support/gateway-world.js';

/** Answers everything with one interim answer after the other, and never with a final one. */
async function endlessInterim(status: string): Promise<{ url: string; open: Set<Socket> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const repeat = setInterval(() => socket.write(`HTTP/1.1 ${status}\r\nLink: x\r\n\r\n`), 5);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      clearInterval(repeat);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, open };
}

for (const upstreamKind of UPSTREAM_KINDS) {
  test.each([
    ['100 Continue', true],
    ['102 Processing', true],
    ['103 Early Hints', true],
    ['103 Early Hints', false],
  ])(`over ${upstreamKind}, endless %s is no answer to a stream (%s)`, async (status, stream) => {
    const mistral = await endlessInterim(status);
    const world = await gatewayWorld(
      () => {},
      (document) => {
        document.mistral.apiUrl = mistral.url;
        document.gateway.firstByteTimeoutSeconds = 0.1;
      },
      { upstreamKind, unawaited: { withinMs: 50, streamWithinMs: 50, atOnce: 1 } },
    );

    const answer = await world.ask({ ...CHAT, stream });

    const { code } = JSON.parse(await answer.text());
    // No request expects a 100, and undici takes it for a broken connection.
    const isBroken = upstreamKind === 'undici' && status.startsWith('100');
    expect(code).toBe(isBroken ? 'upstream_unavailable' : 'upstream_timeout');
    await eventually(() => mistral.open.size === 0);
    await eventually(() => world.quotas.reserved() === 0);
  });

  test.each([401, 429, 500])(
    `over ${upstreamKind}, an error %s without end is cut off`,
    async (status) => {
      let open = 0;
      const world = await gatewayWorld(
        (response) => {
          open += 1;
          response.writeHead(status, { 'content-type': 'application/json' });
          const repeat = setInterval(() => response.write(' '.repeat(4096)), 5);
          response.on('close', () => {
            open -= 1;
            clearInterval(repeat);
          });
        },
        undefined,
        { upstreamKind },
      );

      const answer = await world.ask(CHAT, { signal: AbortSignal.timeout(3000) });

      expect(answer.status).toBe({ 401: 403, 429: 429 }[status] ?? 502);
      await eventually(() => open === 0);
      expect(world.quotas.reserved()).toBe(0);
    },
  );

  test(`over ${upstreamKind}, a rejection that quotes a long prompt stays a rejection`, async () => {
    const input = { messages: [{ content: 'x'.repeat(40_000) }] };
    const detail = [{ type: 'missing', loc: ['body', 'x'], msg: 'Field required', input }];
    const world = await gatewayWorld(
      (response) => answerJson(response, 422, { object: 'error', message: { detail } }),
      undefined,
      { upstreamKind },
    );

    const answer = await world.ask(CHAT);

    expect(answer.status).toBe(422);
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(await answer.json()).toMatchObject({ message: expect.stringMatching(/too long/) });
    expect(world.quotas.reserved()).toBe(0);
  });
}
