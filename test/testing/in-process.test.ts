import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localAws } from '../../testing/aws.js';
import { type HttpService, serveHttp } from '../../testing/fakes/http-server.js';
import { callInProcess } from '../../testing/in-process.js';
import type { Connect } from '../../testing/network.js';

// What is answered is answered in time on any machine.
const NO_TIMEOUT_MS = 600_000;

/** A client of the SDK and a `fetch` that both call a service. */
async function callers(connect: Connect, service: HttpService, timeoutMs = NO_TIMEOUT_MS) {
  const network = await connect(service);
  onTestFinished(() => network.close());
  const aws = new SecretsManagerClient({
    ...localAws(network.url),
    maxAttempts: 1,
    requestHandler: { requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    ...network.aws,
  });
  const send = network.fetch ?? fetch;
  return {
    list: () => aws.send(new ListSecretsCommand({ MaxResults: 3 })),
    post: (path: string) =>
      send(new URL(path, network.url), {
        method: 'POST',
        headers: { 'x-of-mine': 'this' },
        body: 'näh',
        signal: AbortSignal.timeout(timeoutMs),
      }),
  };
}

describe.each<[string, Connect]>([
  ['in this process', callInProcess],
  ['over HTTP on loopback', serveHttp],
])('%s', (_, connect) => {
  test('a service gets what a client sent, and the client what it answered', async () => {
    const { list, post } = await callers(connect, async ({ method, url, headers, body }) => ({
      status: 201,
      headers: { 'x-of-service': `${headers['x-of-mine']}` },
      body: JSON.stringify({ NextToken: `${method} ${url.pathname}${url.search} ${body}` }),
    }));
    expect((await list()).NextToken).toBe('POST / {"MaxResults":3}');
    const response = await post('/a/b?c=d%20e');
    expect(response.status).toBe(201);
    expect(response.headers.get('x-of-service')).toBe('this');
    expect(await response.json()).toEqual({ NextToken: 'POST /a/b?c=d%20e näh' });
  });

  test.each<[string, HttpService, string, string]>([
    ['fails', async () => ({ status: 400, body: '{"__type":"Some"}' }), 'Some', '400'],
    ['throws', () => Promise.reject(new Error('a bug')), 'Unknown', '500'],
    ['breaks the connection', async () => 'broken', 'TimeoutError', 'TypeError'],
    ['gives no answer', async () => 'no answer', 'TimeoutError', 'TimeoutError'],
  ])('a service that %s does so to every client', async (what, service, ofSdk, ofFetch) => {
    const timeoutMs = what === 'gives no answer' ? 20 : NO_TIMEOUT_MS;
    const { list, post } = await callers(connect, service, timeoutMs);
    expect(await list().catch((error: Error) => error.name)).toBe(ofSdk);
    const outcome = await post('/').then(
      ({ status }) => String(status),
      (error: Error) => error.name,
    );
    expect(outcome).toBe(ofFetch);
  });
});
