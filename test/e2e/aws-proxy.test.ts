import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type AwsProxy, startAwsProxy } from '../../e2e/aws-proxy.js';
import { type HttpCall, serveHttp } from '../../testing/fakes/http-server.js';

async function aProxy(): Promise<{ readonly proxy: AwsProxy; readonly calls: HttpCall[] }> {
  const calls: HttpCall[] = [];
  const emulator = await serveHttp(async (call) => {
    calls.push(call);
    return { status: 201, headers: { 'x-amzn-requestid': 'r1' }, body: 'made' };
  });
  const proxy = await startAwsProxy();
  proxy.forwardTo(emulator.url, '');
  onTestFinished(async () => {
    await proxy.close();
    await emulator.close();
  });
  return { proxy, calls };
}

const put = (proxy: AwsProxy, signal?: AbortSignal) =>
  fetch(`${proxy.url}/path?a=b`, {
    method: 'POST',
    headers: { 'x-amz-target': 'secretsmanager.PutSecretValue' },
    body: 'a value',
    signal: signal ?? null,
  });

test('a call goes through the proxy as it was signed, and its answer comes back', async () => {
  const { proxy, calls } = await aProxy();
  const answer = await put(proxy);
  expect([answer.status, await answer.text()]).toEqual([201, 'made']);
  expect(answer.headers.get('x-amzn-requestid')).toBe('r1');
  expect(calls[0]).toMatchObject({ method: 'POST', body: 'a value' });
  expect(calls[0]?.url.search).toBe('?a=b');
  expect(calls[0]?.headers.host).toBe(new URL(proxy.url).host);
});

test('a call whose answer is lost was acted on, and its caller gets no answer', async () => {
  const { proxy, calls } = await aProxy();
  const stop = new AbortController();
  const acted = proxy.faults.loseAnswer(
    ({ target, body }) => target.endsWith('PutSecretValue') && body.includes('value'),
  );
  const outcome = put(proxy, stop.signal).then(
    () => 'answered',
    () => 'stopped',
  );
  await acted;
  expect(calls).toHaveLength(1);
  expect(await Promise.race([outcome, setTimeout(0, 'waiting')])).toBe('waiting');
  stop.abort();
  expect(await outcome).toBe('stopped');
  expect((await put(proxy)).status).toBe(201);
});
