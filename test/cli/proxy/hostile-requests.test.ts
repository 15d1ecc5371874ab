import { describe, expect, test } from 'vitest';
import { answersIn, exchange } from '../../support/raw-http.js';
import { proxyWorld } from './proxy-world.js';

const LINES = { host: 'Host: 127.0.0.1:6478', close: 'Connection: close' };

/** One request without a body, as it is written. */
function raw(
  target = '/v1/models',
  { method = 'GET', host = LINES.host, more = [] as string[] } = {},
): string {
  return [
    `${method} ${target} HTTP/1.1`,
    ...(host ? [host] : []),
    LINES.close,
    ...more,
    '',
    '',
  ].join('\r\n');
}

async function ask(url: string, text: string) {
  return answersIn(await exchange(url, [Buffer.from(text, 'latin1')], 2000));
}

function codeOf(body: string): string {
  return JSON.parse(body).code;
}

const FOREIGN = [403, 'proxy_foreign_request'] as const;
const WRONG = [400, 'invalid_request'] as const;

describe('nothing reaches the gateway of', () => {
  test.each<[string, string, readonly [number, string]]>([
    [
      'a name that a page lets resolve to loopback',
      raw('/v1/models', { host: 'Host: evil.example:6478' }),
      FOREIGN,
    ],
    [
      'a name that ends as loopback begins',
      raw('/v1/models', { host: 'Host: 127.0.0.1.evil.example' }),
      FOREIGN,
    ],
    [
      'a name that begins as loopback does',
      raw('/v1/models', { host: 'Host: localhost.evil.example' }),
      FOREIGN,
    ],
    ['another address', raw('/v1/models', { host: 'Host: 192.168.0.7:6478' }), FOREIGN],
    ['a name with a user', raw('/v1/models', { host: 'Host: evil@127.0.0.1' }), FOREIGN],
    ['two hosts', raw('/v1/models', { more: ['Host: evil.example'] }), WRONG],
    [
      'a page of another site',
      raw('/v1/models', { more: ['Origin: https://evil.example'] }),
      FOREIGN,
    ],
    [
      'a page of another port',
      raw('/v1/models', { more: ['Origin: http://127.0.0.1:3000'] }),
      FOREIGN,
    ],
    ['a page without an origin of its own', raw('/v1/models', { more: ['Origin: null'] }), FOREIGN],
    [
      'an image of another site',
      raw('/v1/models', { more: ['Sec-Fetch-Site: cross-site'] }),
      FOREIGN,
    ],
    [
      'a page of the same site',
      raw('/v1/models', { more: ['Sec-Fetch-Site: same-site'] }),
      FOREIGN,
    ],
    [
      'a preflight',
      raw('/v1/models', { method: 'OPTIONS', more: ['Origin: https://evil.example'] }),
      FOREIGN,
    ],
    ['a client that takes it for a forward proxy', raw('http://api.mistral.ai/v1/models'), WRONG],
    ['the same to itself', raw('http://127.0.0.1:6478/v1/models'), WRONG],
    ['a tunnel', raw('api.mistral.ai:443', { method: 'CONNECT' }), WRONG],
    ['OPTIONS *', raw('*', { method: 'OPTIONS' }), WRONG],
    ['a path upwards', raw('/v1/../admin'), WRONG],
    ['an escaped path upwards', raw('/v1/%2e%2E/admin'), WRONG],
    ['a half escaped one', raw('/v1/.%2e/admin'), WRONG],
    ['a dot', raw('/v1/./models'), WRONG],
    ['an escape that is none', raw('/v1/models/%zz'), WRONG],
    ['a backslash', raw('/v1\\..\\admin'), WRONG],
    ['bytes that are not ASCII', raw('/v1/mod\u00e9ls'), WRONG],
    ['a signature in its query', raw('/v1/models?X-Amz-Signature=00'), WRONG],
    ['an escaped one', raw('/v1/models?%58-amz-security-token=t'), WRONG],
    [
      'headers of 20 KB',
      raw('/v1/models', { more: [`x-long: ${'x'.repeat(20_000)}`] }),
      [431, 'invalid_request'],
    ],
    [
      'two lengths',
      raw('/v1/models', { method: 'POST', more: ['Content-Length: 3', 'Content-Length: 4'] }),
      WRONG,
    ],
    [
      'a length and chunks',
      raw('/v1/models', {
        method: 'POST',
        more: ['Content-Length: 3', 'Transfer-Encoding: chunked'],
      }),
      WRONG,
    ],
    ['no HTTP', '\u0016\u0003\u0001 hello\r\n\r\n', WRONG],
  ])('%s', async (_, text, [status, code]) => {
    const { url, remote } = await proxyWorld();
    const [answer] = await ask(url, text);
    expect([answer?.status, codeOf(answer?.body ?? '{}')]).toEqual([status, code]);
    expect(remote.accepted).toEqual([]);
    expect(remote.refused).toEqual([]);
  });

  test('a client that sends no host', async () => {
    const { url, remote } = await proxyWorld();
    const [answer] = await ask(url, raw('/v1/models', { host: '' }));
    expect(answer?.status).toBe(400);
    expect(remote.accepted).toEqual([]);
  });
});

describe('what is spelled in an unusual way is signed as it is sent', () => {
  test.each([
    ['/v1/models', '/v1/models'],
    ['//v1//models/', '/v1/models/'],
    ['/v1/models/ft%3Amistral%2Fdef', '/v1/models/ft%3Amistral%2Fdef'],
    ["/v1/models/it's(a)*model!", "/v1/models/it's(a)*model!"],
    ['/v1/models?b=2&a=%C3%A9%20+', '/v1/models?b=2&a=%C3%A9%20%20'],
    ['/v1/models#/../../admin', '/v1/models'],
  ])('%s', async (target, sent) => {
    const { url, remote } = await proxyWorld();
    const [answer] = await ask(url, raw(target));
    expect(remote.refused).toEqual([]);
    expect(remote.accepted.map((call) => call.url)).toEqual([sent]);
    expect(answer?.status).toBe(200);
  });
});

test.each(['localhost', 'LOCALHOST:6478', '127.0.0.1', '127.0.0.9:1', '[::1]:6478'])(
  'Host %s is the proxy',
  async (host) => {
    const { url } = await proxyWorld();
    const [answer] = await ask(
      url,
      raw('/v1/models', { host: `Host: ${host}`, more: [`Origin: http://${host}`] }),
    );
    expect(answer?.status).toBe(200);
  },
);

test.each([
  ['proxy', 200],
  ['172.17.0.2:6478', 200],
  ['evil.example', 403],
])('with --allow-remote, Host %s is answered with %i', async (host, status) => {
  const { url } = await proxyWorld({ binding: { host: '0.0.0.0', isRemoteAllowed: true } });
  const [answer] = await ask(url, raw('/v1/models', { host: `Host: ${host}` }));
  expect(answer?.status).toBe(status);
});

test('no credentials of the client, and nothing that it says of the signature, are sent on', async () => {
  const { url, remote } = await proxyWorld();
  const secret = 'secret-of-the-client';
  const smuggled = [
    ...['Authorization', 'authorization', 'Proxy-Authorization', 'x-api-key', 'Cookie', 'api-key'],
    ...[
      'X-Amz-Security-Token',
      'X-Amz-Date',
      'X-Amz-Content-Sha256',
      'x-caller-arn',
      'X-Forwarded-For',
    ],
  ].map((name) => `${name}: ${secret}`);
  const more = [
    ...smuggled,
    'Connection: authorization, x-amz-date',
    'TE: trailers',
    'Upgrade: h2c',
  ];
  const [answer] = await ask(url, raw('/v1/models', { more }));
  expect(answer?.status).toBe(200);
  expect(JSON.stringify(remote.accepted)).not.toContain(secret);
  expect(Object.keys(remote.accepted[0]?.headers ?? {}).sort()).toEqual([
    ...[
      'authorization',
      'connection',
      'host',
      'x-amz-content-sha256',
      'x-amz-date',
      'x-amz-security-token',
    ],
  ]);
});

test('requests that were sent at once are answered in their order', async () => {
  const { url, remote } = await proxyWorld();
  const kept = raw('/v1/models').replace(`${LINES.close}\r\n`, '');
  const answers = await ask(
    url,
    `${kept}${raw('/v1/../x').replace(`${LINES.close}\r\n`, '')}${raw('/v1/models/last')}`,
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 200]);
  expect(remote.accepted.map((call) => call.url).sort()).toEqual(['/v1/models', '/v1/models/last']);
});

test('headers of the connection, cookies and permissions for pages do not come back', async () => {
  const { url } = await proxyWorld({
    answer: (response) =>
      void response
        .writeHead(200, {
          ...{
            'content-type': 'application/json',
            connection: 'x-hop',
            'x-hop': '1',
            'set-cookie': 'a=b',
          },
          ...{
            'access-control-allow-origin': '*',
            'x-governance-remaining-req-minute': '59',
            'retry-after': '3',
          },
        })
        .end('{}'),
  });
  const { headers } = await fetch(`${url}/v1/models`);
  for (const name of ['x-hop', 'set-cookie', 'access-control-allow-origin'])
    expect(headers.has(name)).toBe(false);
  expect(headers.get('x-governance-remaining-req-minute')).toBe('59');
  expect(headers.get('retry-after')).toBe('3');
});
