import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Door, openDoor } from '../../e2e/aws-proxy.js';
import { type HttpCall, serveHttp } from '../../testing/fakes/http-server.js';

async function aDoor(): Promise<{ readonly door: Door; readonly calls: HttpCall[] }> {
  const calls: HttpCall[] = [];
  const emulator = await serveHttp(async (call) => {
    calls.push(call);
    return { status: 201, headers: { 'x-amzn-requestid': 'r1' }, body: 'made' };
  });
  const door = await openDoor();
  door.leadTo(emulator.url, '');
  onTestFinished(async () => {
    await door.close();
    await emulator.close();
  });
  return { door, calls };
}

const put = (door: Door, signal?: AbortSignal) =>
  fetch(`${door.url}/path?a=b`, {
    method: 'POST',
    headers: { 'x-amz-target': 'secretsmanager.PutSecretValue' },
    body: 'a value',
    signal: signal ?? null,
  });

test('a call goes through the door as it was signed, and its answer comes back', async () => {
  const { door, calls } = await aDoor();
  const answer = await put(door);
  expect([answer.status, await answer.text()]).toEqual([201, 'made']);
  expect(answer.headers.get('x-amzn-requestid')).toBe('r1');
  expect(calls[0]).toMatchObject({ method: 'POST', body: 'a value' });
  expect(calls[0]?.url.search).toBe('?a=b');
  expect(calls[0]?.headers.host).toBe(new URL(door.url).host);
});

test('a call whose answer is lost was acted on, and who made it hears nothing', async () => {
  const { door, calls } = await aDoor();
  const stop = new AbortController();
  const acted = door.gate.loseAnswer(
    ({ target, body }) => target.endsWith('PutSecretValue') && body.includes('value'),
  );
  const outcome = put(door, stop.signal).then(
    () => 'answered',
    () => 'stopped',
  );
  await acted;
  expect(calls).toHaveLength(1);
  expect(await Promise.race([outcome, setTimeout(0, 'waiting')])).toBe('waiting');
  stop.abort();
  expect(await outcome).toBe('stopped');
  expect((await put(door)).status).toBe(201);
});
