import type { ServerResponse } from 'node:http';
import { Mistral } from '@mistralai/mistralai';
import { expect, test } from 'vitest';
import { GovernanceConfigurationError } from '../../client/errors.js';
import {
  createSignedHttpClient,
  type SignedHttpClientOptions,
} from '../../client/signed-http-client.js';
import { functionUrl, type SignedCall, whatIsWrong } from '../support/function-url.js';

const AT = new Date('2026-06-30T12:00:00Z');
const KEYS = {
  AKIDPERMANENT: { secretAccessKey: 'secret/of+permanent' },
  ASIATEMPORARY: { secretAccessKey: 'secret-of-temporary', sessionToken: 'session//token+==' },
  ASIARENEWED: { secretAccessKey: 'secret-of-renewed', sessionToken: 'renewed-token' },
};
const PERMANENT = { accessKeyId: 'AKIDPERMANENT', secretAccessKey: 'secret/of+permanent' };
const TEMPORARY = { accessKeyId: 'ASIATEMPORARY', ...KEYS.ASIATEMPORARY };
const CHAT = {
  model: 'mistral-small-latest',
  messages: [{ role: 'user' as const, content: 'Grüße, ça va? 你好' }],
};
const EVENTS = [
  'data: {"id":"1","object":"chat.completion.chunk","model":"m","created":1,"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n',
  'data: {"id":"1","object":"chat.completion.chunk","model":"m","created":1,"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
];

function answer(response: ServerResponse, { url, body }: SignedCall): void {
  if (url.startsWith('/v1/models')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"object":"list","data":[]}');
    return;
  }
  if (JSON.parse(body.toString()).stream === true) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of EVENTS) response.write(event);
    response.end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  const message = { role: 'assistant', content: 'Hello' };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  response.end(
    JSON.stringify({ id: '1', object: 'chat.completion', model: 'm', created: 1, choices, usage }),
  );
}

async function gateway(options: SignedHttpClientOptions, now = () => AT) {
  const remote = await functionUrl(KEYS, answer, now);
  const httpClient = createSignedHttpClient({ region: 'eu-west-1', now, ...options });
  return { remote, httpClient, mistral: new Mistral({ serverURL: remote.url, httpClient }) };
}

test('the official SDK calls a function URL without any key', async () => {
  const { remote, mistral } = await gateway({ credentials: PERMANENT });

  const completion = await mistral.chat.complete(CHAT);

  expect(completion.choices[0]?.message?.content).toBe('Hello');
  expect(remote.accepted[0]?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDPERMANENT\/20260630\/eu-west-1\/lambda\//,
  );
  expect(remote.accepted[0]?.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
});

test("the SDK's own credentials are not sent", async () => {
  const { remote, httpClient } = await gateway({ credentials: PERMANENT });
  const apiKey = 'key-of-somebody';
  const mistral = new Mistral({ serverURL: remote.url, httpClient, apiKey });

  await mistral.chat.complete(CHAT, { headers: { 'x-api-key': apiKey } });

  expect(JSON.stringify(remote.accepted[0]?.headers)).not.toContain(apiKey);
  expect(remote.accepted[0]?.headers).not.toHaveProperty('cookie');
});

test('temporary credentials sign with their session token', async () => {
  const { remote, mistral } = await gateway({ credentials: async () => TEMPORARY });

  await mistral.chat.complete(CHAT);

  expect(remote.accepted[0]?.headers['x-amz-security-token']).toBe('session//token+==');
});

test('answers stream through, byte for byte', async () => {
  const { remote, httpClient, mistral } = await gateway({ credentials: PERMANENT });

  const words: unknown[] = [];
  for await (const { data } of await mistral.chat.stream(CHAT)) {
    words.push(data.choices[0]?.delta.content);
  }
  const raw = await httpClient.request(
    new Request(`${remote.url}/v1/chat/completions`, { method: 'POST', body: '{"stream":true}' }),
  );

  expect(words).toEqual(['Hel', 'lo']);
  expect(await raw.text()).toBe(EVENTS.join(''));
});

test.each([
  '/v1/models',
  '/v1/models/ft%3Amistral-small%3Aabc%2Fdef',
  "/v1/models/it's(a)*model!",
  '/v1/models?b=2&a=1&a=0&c=%C3%A9%20%2B&empty=',
])('GET %s is signed exactly as sent', async (path) => {
  const { remote, httpClient } = await gateway({ credentials: TEMPORARY });

  const { status } = await httpClient.request(new Request(remote.url + path));

  expect(remote.refused).toEqual([]);
  expect(status).toBe(200);
});

test('the region is taken from the host name of the function URL', async () => {
  const sent: Request[] = [];
  const httpClient = createSignedHttpClient({
    credentials: PERMANENT,
    now: () => AT,
    fetch: async (input) => {
      sent.push(input as Request);
      return new Response('{}');
    },
  });

  await httpClient.request(new Request('https://abc.lambda-url.eu-central-1.on.aws/v1/models'));

  expect(sent[0]?.headers.get('authorization')).toContain('/20260630/eu-central-1/lambda/');
  await expect(
    httpClient.request(new Request('https://mistral.example.com/v1/models')),
  ).rejects.toThrow(GovernanceConfigurationError);
});

test('credentials are fetched once, and again shortly before they expire', async () => {
  let at = AT;
  let asked = 0;
  const { remote, mistral } = await gateway(
    {
      credentials: async () => {
        asked += 1;
        if (asked > 1) return { accessKeyId: 'ASIARENEWED', ...KEYS.ASIARENEWED };
        return { ...TEMPORARY, expiration: new Date('2026-06-30T13:00:00Z') };
      },
    },
    () => at,
  );

  await Promise.all([mistral.chat.complete(CHAT), mistral.chat.complete(CHAT)]);
  expect(asked).toBe(1);
  at = new Date('2026-06-30T12:56:00Z');
  await Promise.all([mistral.chat.complete(CHAT), mistral.chat.complete(CHAT)]);

  expect(asked).toBe(2);
  expect(remote.accepted.map((call) => call.headers['x-amz-security-token'])).toEqual([
    ...['session//token+==', 'session//token+=='],
    ...['renewed-token', 'renewed-token'],
  ]);
});

test('credentials that could not be fetched are fetched again by the next request', async () => {
  let asked = 0;
  const { mistral } = await gateway({
    credentials: async () => {
      asked += 1;
      if (asked === 1) throw new Error('no credentials yet');
      return PERMANENT;
    },
  });

  await expect(mistral.chat.complete(CHAT)).rejects.toThrow('no credentials yet');
  await expect(mistral.chat.complete(CHAT)).resolves.toBeDefined();
});

test('a request that was aborted is not sent on', async () => {
  const { remote, mistral } = await gateway({ credentials: PERMANENT });
  const fetchOptions = { signal: AbortSignal.abort() };

  await expect(mistral.chat.complete(CHAT, { fetchOptions })).rejects.toMatchObject({
    name: 'RequestAbortedError',
  });
  expect(remote.accepted).toEqual([]);
});

test('a redirect is not followed, since it would receive the session token', async () => {
  const elsewhere = await functionUrl(KEYS, answer, () => AT);
  const remote = await functionUrl(
    KEYS,
    (response) => response.writeHead(307, { location: `${elsewhere.url}/v1/models` }).end(),
    () => AT,
  );
  const options = { region: 'eu-west-1', credentials: TEMPORARY, now: () => AT };

  const answered = await createSignedHttpClient(options).request(
    new Request(`${remote.url}/v1/models`),
  );

  expect(answered.status).toBe(307);
  expect([...elsewhere.accepted, ...elsewhere.refused]).toEqual([]);
});

test.each<[string, (call: SignedCall) => SignedCall]>([
  ['the body', (call) => ({ ...call, body: Buffer.from(`${call.body} `) })],
  [
    'the body and its hash',
    (call) => ({
      ...call,
      body: Buffer.from('{}'),
      headers: {
        ...call.headers,
        'x-amz-content-sha256': '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      },
    }),
  ],
  ['the path', (call) => ({ ...call, url: '/v1/ocr' })],
  ['the query', (call) => ({ ...call, url: `${call.url}?a=1` })],
  ['the method', (call) => ({ ...call, method: 'PUT' })],
  ['the host', (call) => ({ ...call, headers: { ...call.headers, host: 'evil.example.com' } })],
  [
    'the session token',
    (call) => ({ ...call, headers: { ...call.headers, 'x-amz-security-token': 'other' } }),
  ],
])('a request with %s changed on the way is refused', async (_what, change) => {
  const { remote, mistral } = await gateway({ credentials: TEMPORARY });
  await mistral.chat.complete(CHAT);
  const call = remote.accepted[0] as SignedCall;

  expect(whatIsWrong(call, KEYS, AT)).toBeUndefined();
  expect(whatIsWrong(change(call), KEYS, AT)).toBeDefined();
});

test('an old signature and one with a wrong secret are refused, and the SDK reports it', async () => {
  const credentials = { ...PERMANENT, secretAccessKey: 'guessed' };
  const { remote, mistral } = await gateway({ credentials });

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ statusCode: 403 });
  const late = createSignedHttpClient({
    region: 'eu-west-1',
    credentials: PERMANENT,
    now: () => new Date('2026-06-29T12:00:00Z'),
  });
  await late.request(new Request(`${remote.url}/v1/models`));

  expect(remote.refused).toEqual(['another signature', 'signed at another time']);
});
