import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { API_KEY, type Calls, TOOL, TOOL_RESULT, user, WeatherSchema } from './npm-calls.js';
import { IMAGE, type SdkTask } from './tasks.js';

function openaiOf({ url, headers }: SdkTask): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: API_KEY, defaultHeaders: headers });
}

export const OPENAI: Calls = {
  async models(task) {
    const models: string[] = [];
    for await (const { id } of openaiOf(task).models.list()) models.push(id);
    return { models };
  },
  async chat(task) {
    const { model, maxTokens, prompt } = task;
    const { choices } = await openaiOf(task).chat.completions.create({
      ...{ model, max_tokens: maxTokens, messages: [user(prompt)] },
    });
    return { text: choices[0]?.message.content ?? '' };
  },
  async stream(task) {
    const { model, maxTokens, prompt } = task;
    const pieces: string[] = [];
    const stream = await openaiOf(task).chat.completions.create({
      ...{ model, max_tokens: maxTokens, messages: [user(prompt)], stream: true },
      stream_options: { include_usage: true },
    });
    for await (const { choices } of stream) {
      const piece = choices[0]?.delta.content;
      if (piece) pieces.push(piece);
    }
    return { text: pieces.join(''), pieces: pieces.length };
  },
  async tools(task) {
    const { model, maxTokens, prompt } = task;
    const client = openaiOf(task);
    const shared = { model, max_tokens: maxTokens, parallel_tool_calls: false };
    const tools = [{ type: 'function' as const, function: TOOL }];
    const first = await client.chat.completions.create({
      ...{ ...shared, messages: [user(prompt)], tools },
    });
    const message = first.choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (!message || call?.type !== 'function') return {};
    const result = { role: 'tool' as const, tool_call_id: call.id, content: TOOL_RESULT };
    const last = await client.chat.completions.create({
      ...{ ...shared, messages: [user(prompt), message, result], tools },
    });
    const json = JSON.parse(call.function.arguments);
    return { json, text: last.choices[0]?.message.content ?? '' };
  },
  async structured(task) {
    const { model, maxTokens, prompt } = task;
    const { choices } = await openaiOf(task).chat.completions.parse({
      ...{ model, max_tokens: maxTokens, messages: [user(prompt)] },
      response_format: zodResponseFormat(WeatherSchema, 'weather'),
    });
    return { json: choices[0]?.message.parsed };
  },
  async image(task) {
    const { model, maxTokens, prompt } = task;
    const content = [
      { type: 'text' as const, text: prompt },
      { type: 'image_url' as const, image_url: { url: IMAGE, detail: 'low' as const } },
    ];
    const { choices } = await openaiOf(task).chat.completions.create({
      ...{ model, max_tokens: maxTokens, messages: [{ role: 'user', content }] },
    });
    return { text: choices[0]?.message.content ?? '' };
  },
  /** In base64, which it asks for by default. */
  async embeddings(task) {
    const { model } = task;
    const { data } = await openaiOf(task).embeddings.create({ model, input: ['one', 'two'] });
    return { count: data.length, json: data[0]?.embedding };
  },
  async moderation(task) {
    const { model, prompt } = task;
    const { results } = await openaiOf(task).moderations.create({ model, input: prompt });
    return { count: results.length };
  },
  async 'openai-fields'(task) {
    const { model, maxTokens, prompt } = task;
    const { choices } = await openaiOf(task).chat.completions.create({
      ...{ model, max_completion_tokens: maxTokens, messages: [user(prompt)] },
      ...{ seed: 7, user: 'someone', parallel_tool_calls: true },
    });
    return { text: choices[0]?.message.content ?? '' };
  },
  async 'openai-nulls'(task) {
    const { model, prompt } = task;
    const { choices } = await openaiOf(task).chat.completions.create({
      ...{ model, messages: [user(prompt)], max_tokens: null, max_completion_tokens: null },
      ...{ n: null, seed: null, stop: null, temperature: null, top_p: null, stream: null },
      ...{ stream_options: null, frequency_penalty: null, presence_penalty: null, store: null },
      ...{ logprobs: null, top_logprobs: null, logit_bias: null, service_tier: null },
      ...{ metadata: null, reasoning_effort: null },
    });
    return { text: choices[0]?.message.content ?? '' };
  },
};
