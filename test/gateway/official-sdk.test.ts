import type { ServerResponse } from 'node:http';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import { expect, test } from 'vitest';
import { KEY } from '../support/gateway-fakes.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DAILY_TOKENS,
  DEVELOPER,
  gatewayWorld,
  type Script,
  streamEvents,
  USAGE,
} from '../support/gateway-world.js';

/** Mistral as far as the SDK calls it here. */
const mistral: Script = (response, { url, body }) => {
  if (url === '/v1/embeddings') {
    const data = [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }];
    const usage = { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4 };
    return answerJson(response, 200, { id: 'e1', object: 'list', model: 'm', data, usage });
  }
  if (url === '/v1/audio/speech') return speak(response, JSON.parse(body).stream === true);
  if (url.endsWith('moderations')) {
    return answerJson(response, 200, { id: 'm1', model: 'm', results: [{ categories: {} }] });
  }
  if (url.endsWith('classifications')) {
    const results = [{ intent: { scores: { question: 1 } } }];
    return answerJson(response, 200, { id: 'c1', model: 'm', results });
  }
  if (JSON.parse(body).stream !== true) return answerJson(response, 200, COMPLETION);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of streamEvents(['Hel', 'lo'])) {
    response.write(event.replace(',"usage":null', '')); // the SDK rejects it
  }
  return response.end();
};

const AUDIO = Buffer.from('a word').toString('base64');

function speak(response: ServerResponse, isStream: boolean) {
  if (!isStream) return answerJson(response, 200, { audio_data: AUDIO });
  const usage = { prompt_tokens: 9, completion_tokens: 90, total_tokens: 99 };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const data of [
    { type: 'speech.audio.delta', audio_data: AUDIO },
    { type: 'speech.audio.done', usage },
  ]) {
    response.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  }
  return response.end();
}

async function sdk() {
  // The shipped dev workspace allows none of these.
  const world = await gatewayWorld(mistral, (document) => {
    const more = ['mistral-embed', 'mistral-moderation-latest', 'voxtral-mini-tts-latest'];
    document.workspaces[0].models.push(...more);
    document.roles.developer.models = '*';
  });
  const httpClient = new HTTPClient();
  httpClient.addHook('beforeRequest', (request) => {
    const identified = new Request(request);
    identified.headers.set(CALLER_HEADER, DEVELOPER);
    return identified;
  });
  const client = new Mistral({ serverURL: world.url, apiKey: 'not-a-key', httpClient });
  return { world, client };
}

test('chat', async () => {
  const { world, client } = await sdk();

  const answer = await client.chat.complete(CHAT as Parameters<typeof client.chat.complete>[0]);

  expect(answer.choices[0]?.message?.content).toBe(COMPLETION.choices[0]?.message.content);
  expect(answer.usage).toMatchObject({ promptTokens: USAGE.prompt_tokens });
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
  expect(world.received[0]?.headers.authorization).toBe(`Bearer ${KEY}-dev-workspace`);
});

test('chat as a stream', async () => {
  const { world, client } = await sdk();

  const stream = await client.chat.stream(CHAT as Parameters<typeof client.chat.stream>[0]);
  const words: unknown[] = [];
  for await (const { data } of stream) words.push(data.choices[0]?.delta.content);

  expect(words).toEqual(['', 'Hel', 'lo', '']);
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(USAGE.total_tokens);
});

test('fim', async () => {
  const { world, client } = await sdk();

  const answer = await client.fim.complete({ model: 'codestral-latest', prompt: 'def f(' });

  expect(answer.choices).toHaveLength(1);
  expect(world.received[0]).toMatchObject({ url: '/v1/fim/completions' });
  expect(JSON.parse(world.received[0]?.body ?? '').max_tokens).toBe(2000);
});

test('embeddings', async () => {
  const { world, client } = await sdk();

  const answer = await client.embeddings.create({ model: 'mistral-embed', inputs: ['a', 'b'] });

  expect(answer.data[0]?.embedding).toEqual([0.25, -0.5]);
  expect(JSON.parse(world.received[0]?.body ?? '')).not.toHaveProperty('max_tokens');
  expect(world.quotas.settled(DAILY_TOKENS)).toBe(4);
});

const QUESTION = { role: 'user', content: 'why?' } as const;
const MODERATION = 'mistral-moderation-latest';

test.each<[string, (client: Mistral) => Promise<unknown>, string, unknown]>([
  [
    'moderation of a chat',
    (client) => client.classifiers.moderateChat({ model: MODERATION, inputs: [QUESTION] }),
    '/v1/chat/moderations',
    [QUESTION],
  ],
  [
    'moderation of several chats',
    (client) => client.classifiers.moderateChat({ model: MODERATION, inputs: [[QUESTION]] }),
    '/v1/chat/moderations',
    [[QUESTION]],
  ],
  [
    'classification',
    (client) => client.classifiers.classify({ model: MODERATION, inputs: ['why?'] }),
    '/v1/classifications',
    ['why?'],
  ],
  [
    'classification of a chat',
    (client) =>
      client.classifiers.classifyChat({ model: MODERATION, input: { messages: [QUESTION] } }),
    '/v1/chat/classifications',
    { messages: [QUESTION] },
  ],
])('%s', async (_, ask, url, input) => {
  const { world, client } = await sdk();

  expect(await ask(client)).toMatchObject({ results: [expect.anything()] });

  expect(world.received).toMatchObject([{ url }]);
  expect(JSON.parse(world.received[0]?.body ?? '')).toEqual({
    model: 'mistral-moderation-2603',
    input,
  });
});

test.each([false, true])('speech (stream: %s)', async (stream) => {
  const { world, client } = await sdk();
  const input = 'Grüße 👋';

  const spoken = await client.audio.speech.complete({
    ...{ model: 'voxtral-mini-tts-latest', input, stream, voiceId: 'a-voice' },
  } as never);

  if (stream) {
    const heard: unknown[] = [];
    for await (const { data } of spoken as unknown as AsyncIterable<{ data: { type: string } }>) {
      heard.push(data.type);
    }
    expect(heard).toEqual(['speech.audio.delta', 'speech.audio.done']);
  } else expect(spoken).toMatchObject({ audioData: AUDIO });
  const sent = JSON.parse(world.received[0]?.body ?? '');
  expect(sent).toMatchObject({ model: 'voxtral-mini-tts-2603', input, voice_id: 'a-voice' });
  expect(sent).not.toHaveProperty('max_tokens');
});

test('models: only those that role and workspace allow', async () => {
  const { world, client } = await sdk();

  const { data } = await client.models.list();

  expect(data?.map((model) => 'id' in model && model.id)).toEqual([
    'mistral-small-2603',
    'codestral-2508',
    'mistral-embed-2312',
    'mistral-moderation-2603',
    'voxtral-mini-tts-2603',
  ]);
  expect(world.received).toEqual([]);
});

test('one model, by id or alias', async () => {
  const { client } = await sdk();

  const byId = await client.models.retrieve({ modelId: 'codestral-2508' });
  const byAlias = await client.models.retrieve({ modelId: 'codestral-latest' });

  expect(byId).toMatchObject({ id: 'codestral-2508' });
  expect(byAlias).toEqual(byId);
});

test('a model that is not allowed is an error the SDK reads', async () => {
  const { world, client } = await sdk();
  const refused = { statusCode: 403, body: expect.stringContaining('"code":"model_not_allowed"') };

  await expect(client.models.retrieve({ modelId: 'mistral-large-latest' })).rejects.toMatchObject(
    refused,
  );
  await expect(
    client.chat.complete({ model: 'mistral-large-latest', messages: [] }),
  ).rejects.toMatchObject(refused);
  expect(world.received).toEqual([]);
});

test("no answer contains a piece of the workspace's key", async () => {
  const echo: Script = (response, { headers }) => {
    const said = String(headers.authorization);
    const answer = { object: 'error', message: said, detail: [said], key: said.slice(7) };
    const status = Number(said.length > 0 && headers.accept?.slice(-3));
    answerJson(response, status, answer, {
      'mistral-correlation-id': said,
      'x-kong-request-id': said.slice(7),
      'www-authenticate': said,
      'retry-after': said,
    });
  };
  const world = await gatewayWorld(echo);
  for (const status of [301, 400, 401, 403, 404, 409, 422, 429, 500, 503]) {
    const answer = await world.ask(CHAT, { headers: { accept: `text/${status}` } });
    const all = (await answer.text()) + JSON.stringify([...answer.headers]);
    for (let at = 0; at + 8 <= KEY.length; at += 1) {
      expect(all, `${status}`).not.toContain(KEY.slice(at, at + 8));
    }
  }
  expect(world.logged.join('\n')).not.toContain(KEY.slice(0, 8));
});
