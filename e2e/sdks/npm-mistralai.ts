import { HTTPClient, Mistral } from '@mistralai/mistralai';
import {
  API_KEY,
  type Calls,
  TOOL,
  TOOL_RESULT,
  textOf,
  user,
  WeatherSchema,
} from './npm-calls.js';
import { BACKOFF, DOCUMENT, IMAGE, type SdkTask, VOICE } from './tasks.js';

function mistralOf({ url, headers }: SdkTask): Mistral {
  const httpClient = new HTTPClient();
  httpClient.addHook('beforeRequest', (request) => {
    const identified = new Request(request);
    for (const [name, value] of Object.entries(headers)) identified.headers.set(name, value);
    return identified;
  });
  return new Mistral({
    serverURL: url,
    apiKey: API_KEY,
    httpClient,
    retryConfig: { strategy: 'backoff', backoff: BACKOFF, retryConnectionErrors: true },
  });
}

export const MISTRAL: Calls = {
  async models(task) {
    const { data = [] } = await mistralOf(task).models.list();
    return { models: data.flatMap((card) => ('id' in card ? [card.id] : [])) };
  },
  async chat(task) {
    const { model, maxTokens, prompt } = task;
    const answer = await mistralOf(task).chat.complete({
      ...{ model, maxTokens, messages: [user(prompt)] },
    });
    return { text: textOf(answer.choices[0]?.message?.content) };
  },
  async stream(task) {
    const { model, maxTokens, prompt } = task;
    const pieces: string[] = [];
    const stream = await mistralOf(task).chat.stream({
      ...{ model, maxTokens, messages: [user(prompt)] },
    });
    for await (const { data } of stream) {
      const piece = textOf(data.choices[0]?.delta.content);
      if (piece) pieces.push(piece);
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
  async tools(task) {
    const { model, maxTokens, prompt } = task;
    const client = mistralOf(task);
    const tools = [{ type: 'function' as const, function: TOOL }];
    const messages = [user(prompt)];
    const first = await client.chat.complete({ model, maxTokens, messages, tools });
    const message = first.choices[0]?.message;
    const [call] = message?.toolCalls ?? [];
    if (!message || !call) return {};
    const last = await client.chat.complete({
      ...{ model, maxTokens, tools },
      messages: [
        ...messages,
        { ...message, role: 'assistant' as const },
        { role: 'tool' as const, toolCallId: call.id, name: TOOL.name, content: TOOL_RESULT },
      ],
    });
    const json = JSON.parse(String(call.function.arguments));
    return { json, text: textOf(last.choices[0]?.message?.content) };
  },
  async structured(task) {
    const { model, maxTokens, prompt } = task;
    const answer = await mistralOf(task).chat.parse({
      ...{ model, maxTokens, messages: [user(prompt)], responseFormat: WeatherSchema },
    });
    return { json: answer.choices?.[0]?.message?.parsed };
  },
  async image(task) {
    const { model, maxTokens, prompt } = task;
    const content = [
      { type: 'text' as const, text: prompt },
      { type: 'image_url' as const, imageUrl: IMAGE },
    ];
    const answer = await mistralOf(task).chat.complete({
      ...{ model, maxTokens, messages: [{ role: 'user', content }] },
    });
    return { text: textOf(answer.choices[0]?.message?.content) };
  },
  async embeddings(task) {
    const { model } = task;
    const { data } = await mistralOf(task).embeddings.create({ model, inputs: ['one', 'two'] });
    return { count: data.length, json: data[0]?.embedding };
  },
  async fim(task) {
    const { model, maxTokens, prompt } = task;
    const answer = await mistralOf(task).fim.complete({ model, maxTokens, prompt, suffix: '}' });
    return { text: textOf(answer.choices[0]?.message?.content) };
  },
  async 'fim-stream'(task) {
    const { model, maxTokens, prompt } = task;
    const pieces: string[] = [];
    const stream = await mistralOf(task).fim.stream({ model, maxTokens, prompt, suffix: '}' });
    for await (const { data } of stream) {
      const piece = textOf(data.choices[0]?.delta.content);
      if (piece) pieces.push(piece);
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
  async ocr(task) {
    const { pages } = await mistralOf(task).ocr.process({
      model: task.model,
      document: { type: 'document_url', documentUrl: DOCUMENT },
    });
    return { text: pages[0]?.markdown ?? '', count: pages.length };
  },
  async moderation(task) {
    const { model, prompt } = task;
    const { results } = await mistralOf(task).classifiers.moderate({ model, inputs: [prompt] });
    return { count: results.length };
  },
  async 'chat-moderation'(task) {
    const { model, prompt } = task;
    const inputs = [user(prompt)];
    const { results } = await mistralOf(task).classifiers.moderateChat({ model, inputs });
    return { count: results.length };
  },
  async classification(task) {
    const { model, prompt } = task;
    const { results } = await mistralOf(task).classifiers.classify({ model, inputs: [prompt] });
    return { count: results.length };
  },
  async 'chat-classification'(task) {
    const { model, prompt } = task;
    const input = { messages: [user(prompt)] };
    const { results } = await mistralOf(task).classifiers.classifyChat({ model, input });
    return { count: results.length };
  },
  async speech(task) {
    const { model, prompt } = task;
    const asked = { model, input: prompt, voiceId: VOICE, stream: false as const };
    const { audioData } = await mistralOf(task).audio.speech.complete(asked);
    return { text: fromBase64(audioData) };
  },
  async 'speech-stream'(task) {
    const { model, prompt } = task;
    const asked = { model, input: prompt, voiceId: VOICE, stream: true as const };
    const pieces: string[] = [];
    for await (const { data } of await mistralOf(task).audio.speech.complete(asked)) {
      if (data.type === 'speech.audio.delta') pieces.push(fromBase64(data.audioData));
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
};

const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();
