import * as z from 'zod';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';
import type { FakeKey } from './mistral-keys.js';
import type { FakeUsage } from './mistral-usage.js';

/** Of an organization, what answering takes. */
interface Inferring {
  readonly models: readonly { readonly id: string; readonly aliases: readonly string[] }[];
  readonly throttled?: ReadonlySet<string>;
}

const GenerationSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().positive().nullish(),
  n: z.int().positive().nullish(),
  stream: z.boolean().default(false),
});
const EmbeddingSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
});

interface Used {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

const BYTES_PER_TOKEN = 4;
const DEFAULT_TOKENS = 64;
const WORD = 'word ';

/** Answers requests as Mistral does, with text that says nothing, and bills what it took. */
export function createFakeInference(organization: Inferring, usage: FakeUsage, now: () => Date) {
  function bill(
    { workspaceId }: FakeKey,
    modelId: string,
    prompt: number,
    completion: number,
  ): Used {
    const day = now().toISOString().slice(0, 10);
    usage.recordUsage(workspaceId, modelId, day, prompt, completion);
    return {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    };
  }

  function idOf(name: string): string | undefined {
    return organization.models.find(({ id, aliases }) => id === name || aliases.includes(name))?.id;
  }

  function generation(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, max_tokens, n, stream } = GenerationSchema.parse(JSON.parse(body));
    const id = idOf(model);
    if (!id) return invalidModel(model);
    const completion = Math.max(1, Math.floor((max_tokens ?? DEFAULT_TOKENS) * 0.75));
    const prompt = Math.ceil(body.length / BYTES_PER_TOKEN);
    const used = bill(key, id, prompt, completion * (n ?? 1));
    return stream ? streamed(model, used) : completed(model, used);
  }

  function embeddings(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input } = EmbeddingSchema.parse(JSON.parse(body));
    const id = idOf(model);
    if (!id) return invalidModel(model);
    const texts = [input].flat();
    const tokens = Math.ceil(texts.join('').length / BYTES_PER_TOKEN);
    const data = texts.map((_, index) => ({ object: 'embedding', index, embedding: [0.5, -0.5] }));
    return jsonAnswer(200, {
      id: 'embd-fake',
      object: 'list',
      model,
      data,
      usage: bill(key, id, tokens, 0),
    });
  }

  const routes: Record<string, (key: FakeKey, call: HttpCall) => HttpAnswer> = {
    'POST /v1/chat/completions': generation,
    'POST /v1/fim/completions': generation,
    'POST /v1/embeddings': embeddings,
  };

  /** `undefined` for an endpoint that it does not have. */
  return (key: FakeKey, call: HttpCall): HttpAnswer | undefined => {
    const route = routes[`${call.method} ${call.url.pathname}`];
    if (!route) return undefined;
    return organization.throttled?.has(key.workspaceId) ? RATE_LIMITED : route(key, call);
  };
}

const RATE_LIMITED: HttpAnswer = {
  ...jsonAnswer(429, {
    object: 'error',
    message: 'Rate limit exceeded',
    type: 'rate_limited',
    param: null,
    code: '1300',
    raw_status_code: 429,
  }),
  headers: { 'x-ratelimit-limit-req-minute': '500', 'x-ratelimit-remaining-req-minute': '0' },
};

function invalidModel(model: string): HttpAnswer {
  return jsonAnswer(400, {
    object: 'error',
    message: `Invalid model: ${model}`,
    type: 'invalid_model',
    param: null,
    code: '1500',
  });
}

function completed(model: string, usage: Used): HttpAnswer {
  const message = { role: 'assistant', content: WORD.repeat(3).trim() };
  return jsonAnswer(200, {
    id: 'cmpl-fake',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  });
}

/** Usage comes with the last event, and is null in those before it. */
function streamed(model: string, usage: Used): HttpAnswer {
  const event = (delta: object, finish_reason: string | null, used: Used | null) => ({
    id: 'cmpl-fake',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, delta, finish_reason }],
    usage: used,
  });
  const events = [
    event({ role: 'assistant', content: '' }, null, null),
    ...[WORD, WORD, WORD].map((content) => event({ content }, null, null)),
    event({ content: '' }, 'stop', usage),
  ];
  const body = [...events.map((data) => JSON.stringify(data)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
}
