import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { MOST_BODY_BYTES } from '../../../cli/proxy/exchange.js';
import { createRequestLines, LIST_PRICES } from '../../../cli/proxy/request-lines.js';
import { eventually } from '../../support/gateway-world.js';
import { rawConnection } from '../../support/raw-connection.js';
import {
  AT,
  answerAsGateway,
  CHAT,
  COMPLETION,
  EVENTS,
  KEYS,
  proxyWorld,
  RENEWED,
  TEMPORARY,
} from './proxy-world.js';

const POST = { method: 'POST', body: JSON.stringify({ ...CHAT, stream: true }) };
const STREAM = { 'content-type': 'text/event-stream' };

function ask(url: string, init: RequestInit = POST): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, init);
}

async function refusalIn(response: Response) {
  const { code, message, error } = (await response.json()) as Record<
    string,
    string & { code: string }
  >;
  expect(error?.code).toBe(code); // where OpenAI's clients read it
  return { status: response.status, code, message };
}

describe('answers', () => {
  test('pass piece by piece, as soon as they arrive', async () => {
    let more = () => {};
    const { url } = await proxyWorld({
      answer: (response) => {
        response.writeHead(200, STREAM).write(EVENTS[0]);
        more = () => void response.end(EVENTS[1]);
      },
    });
    const reader = (await ask(url)).body?.getReader();
    expect(String(Buffer.from((await reader?.read())?.value ?? ''))).toBe(EVENTS[0]);
    more();
    expect(String(Buffer.from((await reader?.read())?.value ?? ''))).toBe(EVENTS[1]);
  });

  test('begin before their first event', async () => {
    const { url } = await proxyWorld({
      answer: (response) => response.writeHead(200, STREAM).flushHeaders(),
    });
    const { status, headers } = await ask(url);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });

  test('wait for a client that does not read them', async () => {
    const piece = Buffer.alloc(1 << 16, 'x');
    let sent = 0;
    let sentAt = 0;
    const { url } = await proxyWorld({
      answer: (response) => {
        response.writeHead(200, STREAM);
        const write = () => {
          while (sent < 200 << 20) {
            sent += piece.length;
            sentAt = performance.now();
            if (!response.write(piece)) break;
          }
          response.once('drain', write);
        };
        write();
      },
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${Buffer.byteLength(POST.body)}\r\n\r\n${POST.body}`,
    );
    socket.pause();
    await eventually(() => sent > 0 && performance.now() - sentAt > 300);
    expect(sent).toBeLessThan(32 << 20); // the sockets' own buffers
    socket.destroy();
  });

  test('that break off are broken for the client, too', async () => {
    const { url } = await proxyWorld({
      answer: (response) => {
        response.writeHead(200, STREAM).write(EVENTS[0]);
        setTimeout(() => response.destroy(), 20);
      },
    });
    await expect((await ask(url)).text()).rejects.toThrow();
  });
});

describe('a client that leaves', () => {
  test.each([
    ['while its answer streams', true],
    ['before its answer begins', false],
  ])('%s ends the request at the gateway', async (_, hasBegun) => {
    let left = () => {};
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    let arrived = () => {};
    const there = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { url, proxy } = await proxyWorld({
      answer: (response) => {
        response.on('close', left);
        if (hasBegun) response.writeHead(200, STREAM).write(EVENTS[0]);
        arrived();
      },
    });
    const leaving = new AbortController();
    const asked = ask(url, { ...POST, signal: leaving.signal }).catch(() => undefined);
    await there;
    if (hasBegun) await asked;
    leaving.abort();
    await gone;
    await eventually(() => proxy.inFlight() === 0);
  });

  test('with something else than a request gets no words of ours into its answer', async () => {
    let begun = false;
    const { url } = await proxyWorld({
      answer: (response) => {
        response.writeHead(200, STREAM).write(EVENTS[0]);
        begun = true;
      },
    });
    const { socket, heard, isClosed } = await rawConnection(url);
    const { body } = POST;
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await eventually(() => begun && heard().includes('data: '));
    socket.write('no HTTP\r\n\r\n');
    await eventually(isClosed);
    expect(heard()).not.toContain('invalid_request');
    expect(heard().endsWith('0\r\n\r\n')).toBe(false); // an answer that is broken, not ended
  });

  test('ends what it sent ahead as well', async () => {
    let open = 0;
    const { url } = await proxyWorld({
      answer: (response) => {
        open += 1;
        response.on('close', () => {
          open -= 1;
        });
      },
    });
    const { socket } = await rawConnection(url);
    const one = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}`;
    socket.write(one + one + one);
    await eventually(() => open === 3);
    socket.destroy();
    await eventually(() => open === 0);
  });
});

describe('bodies', () => {
  test('of what a function URL takes are sent whole', async () => {
    const { url, remote } = await proxyWorld();
    const content = 'x'.repeat(MOST_BODY_BYTES - 100);
    const response = await ask(url, { method: 'POST', body: JSON.stringify({ content }) });
    expect(response.status).toBe(200);
    expect(remote.accepted[0]?.body.length).toBeGreaterThan(content.length);
  });

  test.each([
    ['announced', { 'content-length': MOST_BODY_BYTES + 1 }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('that are longer, %s, are refused while they arrive', async (_, headers) => {
    const { url, remote } = await proxyWorld();
    const status = await new Promise((resolve, reject) => {
      const sending = request(
        `${url}/v1/chat/completions`,
        { method: 'POST', headers },
        ({ statusCode }) => resolve(statusCode),
      );
      sending.on('error', reject);
      const piece = Buffer.alloc(1 << 20);
      for (let at = 0; at < 7; at += 1) sending.write(piece);
    });
    expect(status).toBe(413);
    expect(remote.accepted).toEqual([]);
  });
});

describe('credentials', () => {
  test('are renewed before they expire', async () => {
    let at = AT;
    const given = [{ ...TEMPORARY, expiration: new Date(AT.getTime() + 3_600_000) }, RENEWED];
    const { url, remote } = await proxyWorld({
      now: () => at,
      provider: async () => given.shift() ?? RENEWED,
    });
    await ask(url);
    at = new Date(AT.getTime() + 3_400_000);
    await ask(url);
    expect(remote.refused).toEqual([]);
    expect(remote.accepted.map(({ headers }) => headers['x-amz-security-token'])).toEqual([
      KEYS.ASIATEMPORARY.sessionToken,
      KEYS.ASIARENEWED.sessionToken,
    ]);
  });

  test('that AWS finds expired are renewed, and the request is sent again', async () => {
    const { url, remote } = await proxyWorld({
      // As those of the SDK, it remembers what it gave out.
      provider: async (options) => (options?.forceRefresh ? RENEWED : TEMPORARY),
      answer: (response, call) => {
        if (call.headers['x-amz-security-token'] === KEYS.ASIARENEWED.sessionToken)
          answerAsGateway(response, call);
        else
          response
            .writeHead(403)
            .end('{"message":"The security token included in the request is expired"}');
      },
    });
    expect((await ask(url)).status).toBe(200);
    expect(remote.accepted).toHaveLength(2);
  });

  test('that are missing are an answer that says what to run, until they are there', async () => {
    let signedIn = false;
    const { url, refusals } = await proxyWorld({
      provider: async () => {
        if (signedIn) return TEMPORARY;
        const message = 'The SSO session associated with this profile has expired';
        throw Object.assign(new Error(message), { name: 'CredentialsProviderError' });
      },
    });
    expect(await refusalIn(await ask(url))).toEqual({
      status: 401,
      code: 'no_credentials',
      message: expect.stringMatching(/^no AWS credentials: run: aws sso login, or .*has expired/),
    });
    expect(refusals).toHaveLength(1);
    signedIn = true;
    expect((await ask(url)).status).toBe(200);
  });
});

test.each([
  [403, '{"Message":"Forbidden"}', 403, 'gateway_forbidden', /lambda:InvokeFunctionUrl/],
  [
    403,
    '{"message":"Signature expired: 1 is now earlier than 2"}',
    403,
    'gateway_forbidden',
    /set the clock/,
  ],
  [
    403,
    '{"message":"The security token included in the request is invalid."}',
    401,
    'credentials_rejected',
    /aws sso login/,
  ],
  [404, '{"Message":null}', 404, 'gateway_not_found', /switched off/],
  [429, '{"Reason":"ReservedFunctionInvocationLimitExceeded"}', 429, 'rate_limited', /throttles/],
  [502, 'Internal Server Error', 502, 'gateway_failed', /status 502/],
])('AWS answers %i %s: the client gets %i %s', async (status, body, expected, code, words) => {
  const { url } = await proxyWorld({ answer: (response) => response.writeHead(status).end(body) });
  expect(await refusalIn(await ask(url))).toEqual({
    status: expected,
    code,
    message: expect.stringMatching(words),
  });
});

test.each([
  ['short', JSON.stringify({ object: 'error', code: 'unknown_caller', message: 'no role' })],
  ['long', JSON.stringify({ object: 'error', detail: 'x'.repeat(100_000) })],
])("a %s error of the gateway's own passes as it is", async (_, body) => {
  const headers = { 'content-type': 'application/json', 'x-should-retry': 'false' };
  const { url } = await proxyWorld({
    answer: (response) => response.writeHead(403, headers).end(body),
  });
  const response = await ask(url);
  expect([response.status, response.headers.get('x-should-retry'), await response.text()]).toEqual([
    403,
    'false',
    body,
  ]);
});

test('a gateway that cannot be reached is a 502, and the proxy goes on', async () => {
  const { url, remote } = await proxyWorld({ answer: (response) => response.destroy() });
  expect(await refusalIn(await ask(url))).toMatchObject({
    status: 502,
    code: 'gateway_unreachable',
  });
  expect(remote.accepted).toHaveLength(1); // not sent again: it may have cost something
});

describe('when it stops', () => {
  test('requests in flight are answered, and no more are taken', async () => {
    let finish = () => {};
    const { url, proxy } = await proxyWorld({
      answer: (response) => {
        response.writeHead(200, STREAM).write(EVENTS[0]);
        finish = () => void response.end(EVENTS[1]);
      },
    });
    const answer = await ask(url);
    const drained = proxy.drain(20_000);
    await expect(ask(url)).rejects.toThrow();
    finish();
    expect(await answer.text()).toBe(`${EVENTS[0]}${EVENTS[1]}`);
    await drained;
    expect(proxy.inFlight()).toBe(0);
  });

  test('those that take longer are cut', async () => {
    const { url, proxy } = await proxyWorld({
      answer: (response) => response.writeHead(200, STREAM).flushHeaders(),
    });
    const answer = await ask(url);
    const [broken] = await Promise.allSettled([answer.text(), proxy.drain(50)]);
    expect(broken.status).toBe('rejected');
  });
});

test('with --verbose a line for each request says what it used and cost, and nothing of its content', async () => {
  const lines: string[] = [];
  const watch = createRequestLines({
    rules: LIST_PRICES,
    now: () => AT,
    print: (line) => void lines.push(line),
  });
  const { url } = await proxyWorld({ watch });
  await (await ask(url)).text();
  await (await ask(url, { ...POST, body: JSON.stringify(CHAT) })).text();
  await (await fetch(`${url}/v1/models`)).text();
  await eventually(() => lines.length === 3);
  expect(lines).toEqual([
    '12:00:00  200  POST  /v1/chat/completions  mistral-small-latest  18 tokens  0.000006 USD  0 ms',
    '12:00:00  200  POST  /v1/chat/completions  mistral-small-latest  18 tokens  0.000006 USD  0 ms',
    '12:00:00  200  GET  /v1/models  0 ms',
  ]);
  expect(JSON.stringify(COMPLETION)).toContain('Hello');
});

test('connections are kept, but not across the sleep of a laptop', async () => {
  const sockets = new Set<unknown>();
  let at = AT;
  const { url } = await proxyWorld({
    now: () => at,
    answer: (response, call) => {
      sockets.add(response.socket);
      answerAsGateway(response, call);
    },
  });
  for (let asked = 0; asked < 3; asked += 1) await (await ask(url)).text();
  expect(sockets.size).toBe(1);
  at = new Date(AT.getTime() + 120_000);
  await (await ask(url)).text();
  expect(sockets.size).toBe(2);
});
