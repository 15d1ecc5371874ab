import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpShell } from '../../../gateway/server/http-shell.js';
import {
  answerJson,
  CALLER_HEADER,
  DEVELOPER,
  eventually,
  type GatewayWorld,
  gatewayWorld,
  listen,
  UPSTREAM_KINDS,
  type UpstreamKind,
} from '../../support/gateway-world.js';
import { harmlessForm } from '../../support/hostile-forms.js';

const PATH = '/v1/audio/transcriptions';
const usage = { prompt_audio_seconds: 3, prompt_tokens: 4, completion_tokens: 5, total_tokens: 47 };
const ANSWER = { model: 'm', text: 'a word', language: 'en', segments: [], usage };
const LARGE = harmlessForm('x'.repeat(3_000_000));
const REQUESTS = 'workspace#dev-workspace requests minute';

type Mistral = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Everything larger than a kilobyte is sent on as it arrives, to a stand-in that reads by itself. */
async function uploading(
  mistral: Mistral,
  { idleTimeoutSeconds = 60, upstreamKind = 'undici' as UpstreamKind } = {},
) {
  const apiUrl = await listen(createServer(mistral));
  return gatewayWorld(
    () => {},
    (document) => {
      document.workspaces[0].models.push('voxtral-mini-latest');
      document.roles.developer.models = '*';
      document.mistral.apiUrl = apiUrl;
      Object.assign(document.gateway, { maxBodyBytes: 1024, idleTimeoutSeconds });
    },
    { upstreamKind },
  );
}

const reads: Mistral = async (asked, answer) => {
  await asked.toArray().catch(() => {});
  if (asked.complete) answerJson(answer, 200, ANSWER);
};

function upload({ url }: Pick<GatewayWorld, 'url'>, announced = LARGE.body.length) {
  const headers = {
    [CALLER_HEADER]: DEVELOPER,
    'content-type': LARGE.contentType,
    'content-length': announced,
  };
  const sending = request(url + PATH, { method: 'POST', headers });
  sending.on('error', () => {});
  onTestFinished(() => void sending.destroy());
  const answer = new Promise<{ status: number; body: Record<string, unknown> }>((resolve) => {
    sending.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
    });
  });
  return { sending, answer };
}

function expectFree({ quotas }: GatewayWorld): void {
  expect(quotas.reserved()).toBe(0);
  expect(quotas.ends.settled).toBe(0);
}

test.each(UPSTREAM_KINDS)('arrives as it was sent, over %s', async (upstreamKind) => {
  const hash = createHash('sha256');
  const world = await uploading(
    async (asked, answer) => {
      const data = await new Response(Buffer.concat(await asked.toArray()), {
        headers: { 'content-type': String(asked.headers['content-type']) },
      }).formData();
      hash.update(await (data.get('file') as File).bytes());
      answerJson(answer, 200, ANSWER);
    },
    { upstreamKind },
  );
  const { sending, answer } = upload(world);
  sending.end(LARGE.body);

  expect(await answer).toEqual({ status: 200, body: ANSWER });
  expect(hash.digest('hex')).toBe(createHash('sha256').update('x'.repeat(3_000_000)).digest('hex'));
  expect(world.quotas.reserved()).toBe(0);
  expect(world.quotas.settled(REQUESTS)).toBe(1);
});

test('a caller that hangs up in the middle of its upload pays nothing, and Mistral gets no end of it', async () => {
  let isWhole: boolean | undefined;
  const world = await uploading(async (asked) => {
    await asked.toArray().catch(() => {});
    isWhole = asked.complete;
  });
  const { sending } = upload(world);
  sending.write(LARGE.body.subarray(0, 1_000_000));
  await eventually(() => world.quotas.reserved() > 0);
  sending.destroy();

  await eventually(() => isWhole === false);
  await eventually(() => world.quotas.reserved() === 0);
  expectFree(world);
});

test('a caller that hangs up once its upload is sent pays what Mistral reports', async () => {
  let answerNow: (() => void) | undefined;
  const world = await uploading(async (asked, answer) => {
    await asked.toArray();
    answerNow = () => answerJson(answer, 200, ANSWER);
  });
  const { sending } = upload(world);
  sending.end(LARGE.body);
  await eventually(() => answerNow !== undefined);
  sending.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(world.quotas.reserved()).toBeGreaterThan(0);
  answerNow?.();

  await eventually(() => world.quotas.reserved() === 0);
  expect(world.quotas.settled(REQUESTS)).toBe(1);
});

test('an upload that pauses for longer than idleTimeoutSeconds is refused', async () => {
  const world = await uploading(reads, { idleTimeoutSeconds: 0.2 });
  const { sending, answer } = upload(world);
  sending.write(LARGE.body.subarray(0, 1_000_000));

  expect(await answer).toMatchObject({
    status: 400,
    body: {
      code: 'invalid_request',
      message: expect.stringContaining('nothing of the body arrived'),
    },
  });
  expectFree(world);
});

test('a body that is held in memory has as long as all bodies have, however it trickles', async () => {
  const world = await uploading(reads);
  const shell = createHttpShell(world.gateway, { callerHeader: CALLER_HEADER, bodyWithinMs: 100 });
  const { sending, answer } = upload({ url: await listen(shell.server) }, 1000);
  sending.write('-');

  expect(await answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expectFree(world);
});

test.each([
  [413, { message: 'too large' }, 413, undefined],
  [422, { detail: 'no audio' }, 422, undefined],
  [429, { message: 'Rate limit exceeded' }, 429, 'rate_limited'],
  [401, { detail: 'Unauthorized' }, 503, 'key_unavailable'],
  [503, { message: 'overloaded' }, 502, 'upstream_unavailable'],
])('Mistral may answer %i before it has read the upload', async (status, body, expected, code) => {
  const world = await uploading((_asked, answer) => answerJson(answer, status, body));
  const { sending, answer } = upload(world);
  sending.write(LARGE.body.subarray(0, 1_000_000)); // its end never comes

  const got = await answer;
  expect(got.status).toBe(expected);
  if (code) expect(got.body.code).toBe(code);
  await eventually(() => world.quotas.reserved() === 0);
});

test('an early answer of Mistral’s is settled by what it reports', async () => {
  const world = await uploading((_asked, answer) => answerJson(answer, 200, ANSWER));
  const { sending, answer } = upload(world);
  sending.write(LARGE.body.subarray(0, 1_000_000));

  expect(await answer).toEqual({ status: 200, body: ANSWER });
  expect(world.quotas.settled(REQUESTS)).toBe(1);
  expect(world.quotas.reserved()).toBe(0);
});

test('no more is read of an upload than Mistral reads', async () => {
  let readOn = () => {};
  let isWhole = false;
  const world = await uploading((asked, answer) => {
    asked.pause();
    readOn = () => {
      asked
        .on('data', () => {})
        .on('end', () => {
          isWhole = true;
          answerJson(answer, 200, ANSWER);
        });
      asked.resume();
    };
  });
  const size = 64 * 1024 * 1024;
  const start = LARGE.body.subarray(0, 500);
  const end = LARGE.body.subarray(-200);
  const { sending, answer } = upload(world, start.length + size + end.length);
  sending.write(start);
  let sent = 0;
  const chunk = Buffer.alloc(65_536, 'x');
  const more = () => {
    while (sent < size) {
      sent += chunk.length;
      if (!sending.write(chunk)) {
        sending.once('drain', more);
        return;
      }
    }
    sending.end(end);
  };
  more();
  await new Promise((resolve) => setTimeout(resolve, 300));
  // What the operating system holds on two connections, and little more.
  expect(sent).toBeLessThan(size / 2);
  readOn();

  expect((await answer).status).toBe(200);
  expect(isWhole).toBe(true);
});

test('more than Mistral takes is refused by its announced length', async () => {
  const { url } = await uploading(reads);
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  socket.write(
    [
      `POST ${PATH} HTTP/1.1`,
      'host: h',
      `${CALLER_HEADER}: ${DEVELOPER}`,
      `content-type: ${LARGE.contentType}`,
      'content-length: 2147483648',
      '',
      '',
    ].join('\r\n'),
  );

  await eventually(() => heard.includes('"code":"body_too_large"'));
  expect(heard).toMatch(/^HTTP\/1.1 413 /);
});

test('what decides comes before a file that is too large to be held', async () => {
  const world = await uploading(reads);
  const data = new FormData();
  data.append('file', new Blob(['x'.repeat(5000)]), 'a.mp3');
  data.append('model', 'voxtral-mini-latest');
  const answer = await fetch(world.url + PATH, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER },
    body: data,
  });

  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    param: 'model',
    message: expect.stringContaining('model must come before file'),
  });
  expectFree(world);
});
