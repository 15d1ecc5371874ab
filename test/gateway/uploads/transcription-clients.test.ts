import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import OpenAI from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  answerJson,
  CALLER_HEADER,
  DEVELOPER,
  type GatewayWorld,
  gatewayWorld,
  type Script,
} from '../../support/gateway-world.js';

const MODEL = 'voxtral-mini-latest';
const usage = { prompt_audio_seconds: 3, prompt_tokens: 4, completion_tokens: 5, total_tokens: 47 };
const ANSWER = { model: MODEL, text: 'a word', language: 'en', segments: [], usage };
const TOKENS = usage.prompt_tokens + usage.completion_tokens;

const mistral: Script = async (response, { body, headers }) => {
  const form = await formOf(body, headers);
  if (form.get('stream') !== 'true') return answerJson(response, 200, ANSWER);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const { text, ...done } = ANSWER;
  for (const data of [
    { type: 'transcription.language', audio_language: 'en' },
    { type: 'transcription.text.delta', text },
    { type: 'transcription.done', text, ...done },
  ]) {
    response.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  }
  return response.end();
};

function formOf(body: string, headers: object): Promise<FormData> {
  const type = String(Object.entries(headers).find(([name]) => name === 'content-type')?.[1]);
  return new Response(Buffer.from(body), { headers: { 'content-type': type } }).formData();
}

async function sent({ received }: GatewayWorld) {
  const [one] = received;
  if (!one) throw new Error('nothing was sent');
  const form = await formOf(one.body, one.headers);
  const file = form.get('file') as File | null;
  form.delete('file');
  const fields = [...form.keys()].map((name) => [name, form.getAll(name)] as const);
  return { fields: Object.fromEntries(fields), name: file?.name, audio: await file?.text() };
}

describe.each([
  ['held in memory', 4_194_304],
  ['sent on as they arrive', 1024],
])('files that are %s', (_how, maxBodyBytes) => {
  const audio = 'sound '.repeat(2000);

  function world() {
    return gatewayWorld(mistral, (document) => {
      document.workspaces[0].models.push(MODEL);
      document.roles.developer.models = '*';
      document.gateway.maxBodyBytes = maxBodyBytes;
    });
  }

  function official({ url }: GatewayWorld) {
    const httpClient = new HTTPClient();
    httpClient.addHook('beforeRequest', (request) => {
      const identified = new Request(request);
      identified.headers.set(CALLER_HEADER, DEVELOPER);
      return identified;
    });
    return new Mistral({ serverURL: url, apiKey: 'not-a-key', httpClient });
  }

  test('the official SDK', async () => {
    const here = await world();
    const answer = await official(here).audio.transcriptions.complete({
      model: MODEL,
      file: { fileName: 'a.mp3', content: Buffer.from(audio) },
      ...{ diarize: true, language: 'en', temperature: 0.2, contextBias: ['Mistral', 'AWS'] },
      timestampGranularities: ['segment', 'word'],
    });

    expect(answer).toMatchObject({ text: 'a word', usage: { promptAudioSeconds: 3 } });
    expect(await sent(here)).toEqual({
      fields: {
        model: ['voxtral-mini-2602'],
        context_bias: ['Mistral', 'AWS'],
        diarize: ['true'],
        language: ['en'],
        stream: ['false'],
        temperature: ['0.2'],
        timestamp_granularities: ['segment', 'word'],
      },
      ...{ name: 'a.mp3', audio },
    });
    expect(here.quotas.reserved()).toBe(0);
    expect(here.quotas.settled('workspace#dev-workspace usd month')).toBe(
      usage.prompt_tokens + 2 * usage.completion_tokens,
    );
  });

  test('the official SDK, with a file of the disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'audio-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'a.wav'), audio);
    const here = await world();
    const file = await openAsBlob(join(folder, 'a.wav'));
    await official(here).audio.transcriptions.complete({ model: MODEL, file });

    expect(await sent(here)).toMatchObject({ audio });
  });

  test('the official SDK, as a stream that it asks for after the file', async () => {
    const here = await world();
    const events = await official(here).audio.transcriptions.stream({
      model: MODEL,
      file: { fileName: 'a.mp3', content: Buffer.from(audio) },
    });
    const heard: string[] = [];
    for await (const { event } of events) heard.push(event);

    expect(heard.at(-1)).toBe('transcription.done');
    expect(await sent(here)).toMatchObject({ fields: { stream: ['true'] }, audio });
    expect(here.quotas.settled('workspace#dev-workspace usd month')).toBe(TOKENS + 5);
  });

  test('the official SDK, with a URL', async () => {
    const here = await world();
    const fileUrl = 'https://example.com/a.mp3';
    await official(here).audio.transcriptions.complete({ model: MODEL, fileUrl });

    expect(await sent(here)).toMatchObject({ fields: { file_url: [fileUrl] }, name: undefined });
  });

  test('OpenAI’s SDK, in the order in which its fields are given', async () => {
    const here = await world();
    const client = new OpenAI({
      baseURL: `${here.url}/v1`,
      apiKey: 'not-a-key',
      defaultHeaders: { [CALLER_HEADER]: DEVELOPER },
    });
    const file = new File([audio], 'a.mp3', { type: 'audio/mpeg' });
    const answer = await client.audio.transcriptions.create({
      ...{ model: MODEL, file, language: 'en', response_format: 'json' },
      timestamp_granularities: ['word'],
    });

    expect(answer.text).toBe('a word');
    expect((await sent(here)).fields).toEqual({
      model: ['voxtral-mini-2602'],
      language: ['en'],
      timestamp_granularities: ['word'],
    });
  });
});
