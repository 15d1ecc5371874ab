import { createMistral } from '@ai-sdk/mistral';
import { Mistral } from '@mistralai/mistralai';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { addressesOf, clientLines, DUMMY_KEY } from '../../../cli/proxy/clients.js';
import { CHAT, EVENTS, proxyWorld } from './proxy-world.js';

const KEY = 'key-of-the-client-that-stays-here';
const MODEL = CHAT.model;

type Ask = (url: string) => Promise<string>;

const CLIENTS: Record<string, { readonly chat: Ask; readonly stream: Ask }> = {
  mistralai: {
    async chat(serverURL) {
      const { choices } = await new Mistral({ serverURL, apiKey: KEY }).chat.complete(CHAT);
      return String(choices[0]?.message?.content);
    },
    async stream(serverURL) {
      let text = '';
      for await (const { data } of await new Mistral({ serverURL, apiKey: KEY }).chat.stream(
        CHAT,
      )) {
        text += data.choices[0]?.delta.content;
      }
      return text;
    },
  },
  openai: {
    async chat(url) {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY });
      const { choices } = await client.chat.completions.create(CHAT);
      return String(choices[0]?.message.content);
    },
    async stream(url) {
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY });
      let text = '';
      for await (const { choices } of await client.chat.completions.create({
        ...CHAT,
        stream: true,
      })) {
        text += choices[0]?.delta.content;
      }
      return text;
    },
  },
  'AI SDK': {
    async chat(url) {
      const mistral = createMistral({ baseURL: `${url}/v1`, apiKey: KEY });
      return (await generateText({ model: mistral(MODEL), prompt: 'Hi' })).text;
    },
    async stream(url) {
      const mistral = createMistral({ baseURL: `${url}/v1`, apiKey: KEY });
      let text = '';
      for await (const piece of streamText({ model: mistral(MODEL), prompt: 'Hi' }).textStream)
        text += piece;
      return text;
    },
  },
};

test.each(Object.entries(CLIENTS))(
  '%s works unchanged, with a base URL and any key',
  async (_, { chat, stream }) => {
    const { url, remote } = await proxyWorld();

    expect(await chat(url)).toBe('Hello');
    expect(await stream(url)).toBe('Hello');

    expect(remote.refused).toEqual([]);
    expect(remote.accepted.map(({ url: path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
    ]);
    expect(JSON.stringify(remote.accepted)).not.toContain(KEY);
  },
);

/** Clients without a library: what each sends, to the address in the line that the proxy prints for it. */
const FORMS: Record<
  string,
  readonly { readonly path: string; readonly headers?: object; readonly body?: object }[]
> = {
  Continue: [
    {
      path: '/chat/completions',
      headers: { 'x-api-key': DUMMY_KEY },
      body: { ...CHAT, max_tokens: 4096, stream: true },
    },
    {
      path: '/fim/completions',
      headers: { 'x-api-key': DUMMY_KEY },
      body: { model: 'codestral-latest', prompt: 'a', suffix: 'b', max_tokens: 4096, stream: true },
    },
  ],
  Vibe: [
    {
      path: '/chat/completions',
      headers: { 'x-affinity': 'session-of-vibe' },
      body: { ...CHAT, stream: true, stream_options: { include_usage: true } },
    },
  ],
  n8n: [{ path: '/models' }, { path: '/chat/completions', body: { ...CHAT, n: 1, user: 'n8n' } }],
};

test.each(Object.entries(FORMS))(
  'what %s is told to use takes its requests',
  async (client, forms) => {
    const { url, remote } = await proxyWorld();
    const lines = clientLines(addressesOf('127.0.0.1', Number(new URL(url).port)));
    const [, line = ''] = lines.find(([name]) => name === client) ?? [];
    const [base] = /http:\/\/[\w.:]+\/v1/.exec(line) ?? [];
    expect(line).toContain(DUMMY_KEY);

    for (const { path, headers, body } of forms) {
      const answer = await fetch(`${base}${path}`, {
        headers: {
          ...{ authorization: `Bearer ${DUMMY_KEY}`, 'content-type': 'application/json' },
          ...headers,
        },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      expect(answer.status).toBe(200);
      const text = await answer.text();
      if (body && 'stream' in body) expect(text).toBe(EVENTS.join(''));
    }

    expect(remote.refused).toEqual([]);
    expect(remote.accepted.map((call) => call.url)).toEqual(forms.map(({ path }) => `/v1${path}`));
    const sent = JSON.stringify(remote.accepted);
    expect(sent).not.toContain(DUMMY_KEY);
    expect(sent.includes('session-of-vibe')).toBe(client === 'Vibe');
  },
);
