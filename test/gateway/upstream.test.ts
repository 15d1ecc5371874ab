import { expect, onTestFinished, test } from 'vitest';
import { createHttpsUpstream } from '../../gateway/https-upstream.js';
import { failureOf } from '../../gateway/upstream.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { answerJson, mistralStandIn, UPSTREAMS } from '../support/gateway-world.js';

const TIMEOUTS = { connectTimeoutSeconds: 5, firstByteTimeoutSeconds: 5, idleTimeoutSeconds: 5 };

async function upstreamAt(now: () => number) {
  const ports = new Set<number | undefined>();
  const { url, received } = await mistralStandIn((response) => {
    ports.add(response.socket?.remotePort);
    answerJson(response, 200, {});
  });
  const upstream = createHttpsUpstream(`${url}/mistral/`, TIMEOUTS, now);
  onTestFinished(() => upstream.close());
  const ask = async (accept?: string) => {
    await new Promise<void>((resolve, reject) => {
      upstream.dispatch(
        {
          ...{ method: 'GET', path: '/v1/models', key: new ApiKey('k'), body: undefined },
          head: { callerArn: undefined, accept },
        },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
    await new Promise((resolve) => setImmediate(resolve)); // until the connection is free again
  };
  return { ask, ports, received };
}

test.each(['<html>', 'HTTP/2 200\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'])(
  'over either client, an answer that begins %j is a connection that broke',
  async (start) => {
    const { url } = await mistralStandIn((response) => response.socket?.end(start));
    for (const create of Object.values(UPSTREAMS)) {
      const upstream = create(url, TIMEOUTS);
      onTestFinished(() => upstream.close());
      const failure = await new Promise((resolve) => {
        upstream.dispatch(
          {
            ...{
              method: 'POST',
              path: '/v1/models',
              key: new ApiKey('k'),
              body: Buffer.from('{}'),
            },
            head: { callerArn: undefined, accept: undefined },
          },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData() {},
            onResponseEnd: () => resolve('an answer'),
            onResponseError: (_controller, error) => resolve(failureOf(error)),
          },
        );
      });
      expect(failure).toBe('connection broken');
    }
  },
);

test('requests share a connection, also to an API below a path', async () => {
  const { ask, ports, received } = await upstreamAt(() => 0);
  await ask();
  await ask();
  expect(ports.size).toBe(1);
  expect(received[0]?.url).toBe('/mistral/v1/models');
});

test('a process that was frozen does not reuse its old connections', async () => {
  let at = 0;
  const { ask, ports } = await upstreamAt(() => at);
  await ask();
  at = 31_000;
  await ask();
  expect(ports.size).toBe(2);
});

test.each([
  ['text/event-stream', 'text/event-stream'],
  ['application/json, text/event-stream;q=0', 'application/json, text/event-stream;q=0'],
  [undefined, 'application/json, text/event-stream'],
  ['x'.repeat(1000), 'application/json, text/event-stream'],
  ['a\u00e9', 'application/json, text/event-stream'],
])('accept %j is sent as %j', async (given, sent) => {
  const { ask, received } = await upstreamAt(() => 0);
  await ask(given);
  expect(received[0]?.headers.accept).toBe(sent);
});

test.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling'],
])('where %s ends a connection, Mistral has seen nothing', (code, message) => {
  expect(failureOf(Object.assign(new Error(message), { code }))).toBe('no connection');
});

test('a request that is aborted may have been seen', () => {
  const aborted = Object.assign(new Error('Request aborted'), { code: 'UND_ERR_ABORTED' });
  expect(failureOf(aborted)).toBe('connection broken');
});
