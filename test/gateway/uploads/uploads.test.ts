import { expect, test } from 'vitest';
import {
  answerJson,
  CALLER_HEADER,
  DEVELOPER,
  gatewayWorld,
  type Script,
} from '../../support/gateway-world.js';

const MODEL = 'voxtral-mini-latest';
const PATH = '/v1/audio/transcriptions';
const ANSWER = {
  model: MODEL,
  text: 'a word',
  language: 'en',
  segments: [],
  usage: { prompt_audio_seconds: 3, prompt_tokens: 4, completion_tokens: 5, total_tokens: 47 },
};

const transcribes: Script = (response) => answerJson(response, 200, ANSWER);

function transcribing(script: Script = transcribes, maxBodyBytes?: number) {
  return gatewayWorld(script, (document) => {
    document.workspaces[0].models.push(MODEL);
    document.roles.developer.models = '*';
    if (maxBodyBytes) document.gateway.maxBodyBytes = maxBodyBytes;
  });
}

function form(...entries: readonly (readonly [string, string | Blob, string?])[]): FormData {
  const data = new FormData();
  for (const [name, value, filename] of entries) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, value, filename);
  }
  return data;
}

const sent = async ({ body, headers }: { body: string; headers: object }) =>
  new Response(Buffer.from(body), { headers: headers as Record<string, string> }).formData();

test('a small form is sent on in our own words', async () => {
  const world = await transcribing();
  const answer = await fetch(world.url + PATH, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER },
    body: form(
      ['file', new Blob(['abc'], { type: 'audio/mpeg' }), 'a.mp3'],
      ['model', MODEL],
      ['stream', 'False'],
    ),
  });
  expect(await answer.json()).toEqual(ANSWER);
  const [received] = world.received;
  if (!received) throw new Error('nothing was sent');
  const data = await sent(received);
  expect([...data.keys()]).toEqual(['model', 'stream', 'file']);
  expect(data.get('stream')).toBe('false');
  expect(await (data.get('file') as File).text()).toBe('abc');
});

test('a large form is sent on as it arrives, with what comes after its file', async () => {
  const world = await transcribing(transcribes, 1024);
  const audio = 'x'.repeat(300_000);
  const answer = await fetch(world.url + PATH, {
    method: 'POST',
    headers: { [CALLER_HEADER]: DEVELOPER },
    body: form(['model', MODEL], ['file', new Blob([audio]), 'a.mp3'], ['language', 'en']),
  });
  expect(await answer.json()).toEqual(ANSWER);
  const [received] = world.received;
  if (!received) throw new Error('nothing was sent');
  const data = await sent(received);
  expect([...data.keys()]).toEqual(['model', 'file', 'language']);
  expect(await (data.get('file') as File).text()).toBe(audio);
});
