import OpenAI from 'openai';
import { expect, test } from 'vitest';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  CHECKED_MODEL,
  COMPLETION,
  DEVELOPER,
  gatewayWorld,
  type Script,
  streamEvents,
  USAGE,
} from '../support/gateway-world.js';

const words = (text: string) => new Set(text.split(' '));

/** The fields of Mistral's API, which answers 422 to others, and to nulls where it has no null. */
const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  '/v1/chat/completions': words(
    'model temperature top_p max_tokens stream stop random_seed metadata messages response_format tools tool_choice presence_penalty frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails prompt_cache_key service_tier safe_prompt',
  ),
  '/v1/embeddings': words('model metadata input output_dimension output_dtype encoding_format'),
  '/v1/moderations': words('model metadata input'),
};
const NOT_NULLABLE = words(
  'model stream messages response_format tool_choice prediction parallel_tool_calls safe_prompt input output_dtype encoding_format',
);

const strict: Script = (response, { url, body }) => {
  const fields: Record<string, unknown> = JSON.parse(body);
  const detail = Object.entries(fields)
    .filter(([name, value]) => (value === null ? NOT_NULLABLE.has(name) : !FIELDS[url]?.has(name)))
    .map(([name, input]) => ({
      ...{ type: 'extra_forbidden', loc: ['body', name], input },
      msg: 'Extra inputs are not permitted',
    }));
  if (detail.length > 0) {
    const message = { detail };
    return answerJson(response, 422, { object: 'error', message, type: 'invalid_request_error' });
  }
  if (url === '/v1/embeddings') {
    const embedding = Buffer.from(new Float32Array([0.25, -0.5]).buffer).toString('base64');
    const data = [{ object: 'embedding', index: 0, embedding }];
    return answerJson(response, 200, { id: 'e1', object: 'list', model: 'm', data, usage: USAGE });
  }
  if (fields.stream !== true) return answerJson(response, 200, COMPLETION);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  return response.end(streamEvents(['Hel', 'lo']).join(''));
};

async function sdk(passUnknownFields = false) {
  const world = await gatewayWorld(strict, (document) => {
    document.gateway.passUnknownFields = passUnknownFields;
    document.workspaces[0].models.push('mistral-embed', 'mistral-moderation-latest');
    document.roles.developer.models.push('mistral-embed', 'mistral-moderation-latest');
  });
  const client = new OpenAI({
    baseURL: `${world.url}/v1`,
    apiKey: 'not-a-key',
    maxRetries: 0,
    defaultHeaders: { [CALLER_HEADER]: DEVELOPER },
  });
  const sent = () => JSON.parse(world.received.at(-1)?.body ?? '{}');
  return { world, client, sent };
}

const messages = [{ role: 'user' as const, content: 'Say hello.' }];
const { model } = CHAT;

test("chat with OpenAI's fields, each in the way that Mistral has it", async () => {
  const { client, sent } = await sdk();

  const answer = await client.chat.completions.create({
    ...{ model, messages, max_completion_tokens: 50, seed: 7, user: 'u-1', store: false },
    ...{ safety_identifier: 'u-1', logprobs: false, top_logprobs: 0, logit_bias: {} },
    ...{ parallel_tool_calls: true, metadata: { run: '1' }, prompt_cache_key: 'k' },
  });

  expect(answer.choices[0]?.message.content).toBe(COMPLETION.choices[0]?.message.content);
  expect(answer.usage?.total_tokens).toBe(USAGE.total_tokens);
  expect(sent()).toEqual({
    ...{ model: CHECKED_MODEL, messages, max_tokens: 50, random_seed: 7 },
    ...{ parallel_tool_calls: true, metadata: { run: '1' } },
    prompt_cache_key: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("messages as the SDK's answers have them, with nulls that Mistral does not have", async () => {
  const { client, sent } = await sdk();
  const { message: answered } =
    (await client.chat.completions.create({ model, messages })).choices[0] ?? {};
  const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":null}' } }];
  const dumped = { refusal: null, annotations: null, audio: null, function_call: null };
  const conversation = [
    ...messages,
    { ...dumped, ...answered, tool_calls: null, annotations: [] },
    { role: 'assistant', content: null, ...dumped, tool_calls: calls, prefix: null },
    {
      role: 'tool',
      name: null,
      tool_call_id: 'c',
      content: [{ text: '"refusal": null', type: 'text', x: null }],
    },
  ];

  await client.chat.completions.create({ model, messages: conversation as typeof messages });

  expect(sent().messages).toEqual([
    ...messages,
    { role: 'assistant', content: answered?.content, tool_calls: null },
    { role: 'assistant', content: null, tool_calls: calls },
    {
      role: 'tool',
      name: null,
      tool_call_id: 'c',
      content: [{ text: '"refusal": null', type: 'text' }],
    },
  ]);
});

test('nulls, for what is not set', async () => {
  const { client, sent } = await sdk();

  await client.chat.completions.create({
    ...{ model, messages, max_completion_tokens: null, max_tokens: null, seed: null, stop: null },
    ...{ stream: null, stream_options: null, store: null, logprobs: null, n: null },
    ...{ top_logprobs: null, logit_bias: null, service_tier: null, reasoning_effort: null },
    ...({ user: null, response_format: null, parallel_tool_calls: null } as object),
  });

  expect(sent()).toEqual({ model: CHECKED_MODEL, messages, max_tokens: 2000 });
});

test('a stream with usage', async () => {
  const { client, sent } = await sdk();

  const stream = await client.chat.completions.create({
    ...{ model, messages, stream: true, stream_options: { include_usage: true } },
  });
  let text = '';
  let tokens: number | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    tokens = chunk.usage?.total_tokens ?? tokens;
  }

  expect([text, tokens]).toEqual(['Hello', USAGE.total_tokens]);
  expect(sent()).not.toHaveProperty('stream_options');
});

test('tools and structured output', async () => {
  const { client, sent } = await sdk();
  const parameters = { type: 'object', properties: { max: { type: 'integer' } } };

  await client.chat.completions.create({
    ...{ model, messages, tool_choice: 'required' },
    tools: [{ type: 'function', function: { name: 'f', parameters } }],
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: parameters } },
  });

  expect(sent()).toMatchObject({ tools: [{ function: { parameters } }], tool_choice: 'required' });
});

test('embeddings with dimensions', async () => {
  const { client, sent } = await sdk();

  const input = ['one', 'two'];
  const answer = await client.embeddings.create({
    ...{ model: 'mistral-embed', input, dimensions: 2, user: 'u-1' },
  });

  expect(answer.data[0]?.embedding).toEqual([0.25, -0.5]);
  expect(sent()).toMatchObject({ input, output_dimension: 2, encoding_format: 'base64' });
});

test('moderations', async () => {
  const { client, sent } = await sdk();
  await client.moderations.create({ model: 'mistral-moderation-latest', input: 'x' });
  expect(sent()).toMatchObject({ input: 'x' });
});

test('what Mistral does not have is refused, with its name where OpenAI has it', async () => {
  const { client, world } = await sdk();
  const asked = { model, messages, logprobs: true };
  await expect(client.chat.completions.create(asked)).rejects.toMatchObject({
    ...{ status: 422, type: 'invalid_request_error', code: 'invalid_request', param: 'logprobs' },
    message: expect.stringContaining('logprobs is not a field of /v1/chat/completions'),
  });
  expect(world.received).toEqual([]);
});

test("with passUnknownFields, what Mistral does not have is refused in Mistral's words", async () => {
  const { client, world } = await sdk(true);
  const asked = { model, messages, logprobs: true };
  await expect(client.chat.completions.create(asked)).rejects.toMatchObject({
    ...{ status: 422, type: 'invalid_request_error' },
    message: expect.stringContaining('body.logprobs: Extra inputs are not permitted'),
  });
  expect(await (await world.ask(asked)).text()).toContain('"loc":["body","logprobs"]');
});

test('limits that differ, and those above the role, are refused and named as they were given', async () => {
  const { client, world } = await sdk();
  const differ = { model, messages, max_tokens: 5, max_completion_tokens: 6 };
  const above = { model, messages, max_completion_tokens: 1e6 };

  await expect(client.chat.completions.create(differ)).rejects.toMatchObject({ status: 422 });
  await expect(client.chat.completions.create(above)).rejects.toMatchObject({ status: 403 });
  expect(await (await world.ask(differ)).json()).toMatchObject({
    code: 'invalid_request',
    param: 'max_completion_tokens',
    message: expect.stringContaining('mean the same and differ'),
  });
  expect(await (await world.ask(above)).json()).toMatchObject({
    code: 'max_tokens_exceeded',
    param: 'max_completion_tokens',
  });
  expect(world.received).toEqual([]);
});

test('a refusal has its message, code and field where OpenAI has them', async () => {
  const { client } = await sdk();
  const above = { model, messages, max_tokens: 1e6 };

  const error = await client.chat.completions.create(above).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({
    ...{ status: 403, code: 'max_tokens_exceeded', param: 'max_tokens' },
    ...{ type: 'invalid_request_error', message: expect.stringContaining('above the limit') },
  });
});
