import { createMistral } from '@ai-sdk/mistral';
import { Mistral } from '@mistralai/mistralai';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { CHAT, proxyWorld } from './proxy-world.js';

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
