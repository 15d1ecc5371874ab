import { formOf, TranscriptionSchema } from './form.js';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';
import { AgentsCompletionSchema } from './mistral-agent-requests.js';
import {
  base64Of,
  completed,
  streamed,
  type Used,
  WORDS,
  type Written,
  writtenFor,
} from './mistral-answers.js';
import { createFakeConversations, type FakeAgent } from './mistral-conversations.js';
import type { FakeKey } from './mistral-keys.js';
import {
  type Chat,
  ChatClassificationSchema,
  ChatModerationSchema,
  ChatSchema,
  EmbeddingSchema,
  FimSchema,
  ModerationSchema,
  OcrSchema,
  SpeechSchema,
} from './mistral-requests.js';
import type { FakeUsage } from './mistral-usage.js';

/** The parts of an organization that answering requires. */
interface Inferring {
  readonly models: readonly { readonly id: string; readonly aliases: readonly string[] }[];
  readonly throttled?: ReadonlySet<string>;
  readonly agents?: readonly FakeAgent[];
}

const BYTES_PER_TOKEN = 4;
const DEFAULT_TOKENS = 64;
const EMBEDDING = [0.5, -0.5];

/** Answers requests as Mistral does, with filler text, and bills their usage. */
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

  function chat(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const request = ChatSchema.parse(JSON.parse(body));
    return generation(key, request, body.length, writtenFor(request), request.n ?? 1);
  }

  function agent(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { agent_id, tools: _, ...request } = AgentsCompletionSchema.parse(JSON.parse(body));
    const model = organization.agents?.find(({ id }) => id === agent_id)?.model;
    if (model === undefined) return jsonAnswer(404, { message: 'Agent not found' });
    const asked = { ...request, model };
    return generation(key, asked, body.length, writtenFor(asked), request.n ?? 1);
  }

  const conversations = createFakeConversations({
    agents: () => organization.agents ?? [],
    ...{ idOf, bill, now },
  });

  function fim(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const request = FimSchema.parse(JSON.parse(body));
    return generation(key, request, body.length, { content: WORDS }, 1);
  }

  function generation(
    key: FakeKey,
    { model, max_tokens, stream }: Pick<Chat, 'model' | 'max_tokens' | 'stream'>,
    bytes: number,
    written: Written,
    completions: number,
  ): HttpAnswer {
    const id = idOf(model);
    if (!id) return invalidModel(model);
    const completion = Math.max(1, Math.floor((max_tokens ?? DEFAULT_TOKENS) * 0.75));
    const used = bill(key, id, Math.ceil(bytes / BYTES_PER_TOKEN), completion * completions);
    return stream ? streamed(model, written, used) : completed(model, written, used);
  }

  function embeddings(key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input, encoding_format } = EmbeddingSchema.parse(JSON.parse(body));
    const id = idOf(model);
    if (!id) return invalidModel(model);
    const texts = [input].flat();
    const tokens = Math.ceil(texts.join('').length / BYTES_PER_TOKEN);
    const embedding = encoding_format === 'base64' ? base64Of(EMBEDDING) : EMBEDDING;
    const data = texts.map((_, index) => ({ object: 'embedding', index, embedding }));
    const usage = bill(key, id, tokens, 0);
    return jsonAnswer(200, { id: 'embd-fake', object: 'list', model, data, usage });
  }

  /** Free, and without usage. */
  function moderations(_key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input } = ModerationSchema.parse(JSON.parse(body));
    if (!idOf(model)) return invalidModel(model);
    const result = { categories: { pii: false }, category_scores: { pii: 0.001 } };
    return jsonAnswer(200, { id: 'mod-fake', model, results: [input].flat().map(() => result) });
  }

  function chatModerations(_key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input } = ChatModerationSchema.parse(JSON.parse(body));
    if (!idOf(model)) return invalidModel(model);
    const chats = Array.isArray(input[0]) ? input : [input];
    const result = { categories: { pii: false }, category_scores: { pii: 0.001 } };
    return jsonAnswer(200, { id: 'mod-fake', model, results: chats.map(() => result) });
  }

  function classified(model: string, texts: readonly unknown[]): HttpAnswer {
    if (!idOf(model)) return invalidModel(model);
    const results = texts.map(() => ({ intent: { scores: { question: 0.9, other: 0.1 } } }));
    return jsonAnswer(200, { id: 'cls-fake', model, results });
  }

  function classifications(_key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input } = ModerationSchema.parse(JSON.parse(body));
    return classified(model, [input].flat());
  }

  function chatClassifications(_key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input } = ChatClassificationSchema.parse(JSON.parse(body));
    return classified(model, [input].flat());
  }

  /** Priced by the character, which no answer says. */
  function speech(_key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model, input, stream } = SpeechSchema.parse(JSON.parse(body));
    if (!idOf(model ?? '')) return invalidModel(String(model));
    const audio_data = Buffer.from(input.slice(0, 8)).toString('base64');
    if (!stream) return jsonAnswer(200, { audio_data });
    const usage = { prompt_tokens: input.length, completion_tokens: 0, total_tokens: input.length };
    return eventStream([
      { type: 'speech.audio.delta', audio_data },
      { type: 'speech.audio.done', usage },
    ]);
  }

  /** Priced by the second, of which a kilobyte is one; a URL is of a minute. */
  function transcriptions(_key: FakeKey, call: HttpCall): HttpAnswer {
    const { fields, file } = formOf(call);
    const { model, stream } = TranscriptionSchema.parse({ ...Object.fromEntries(fields), file });
    if (!idOf(model)) return invalidModel(model);
    const seconds = file ? Math.ceil(file.content.length / 1000) : 60;
    const total_tokens = 4 + 20 + Math.ceil(seconds * 12.5);
    const usage = { prompt_audio_seconds: seconds, prompt_tokens: 4, completion_tokens: 20 };
    const done = { model, text: WORDS, language: 'en', usage: { ...usage, total_tokens } };
    if (stream !== 'true') return jsonAnswer(200, { ...done, segments: [] });
    return eventStream([
      { type: 'transcription.language', audio_language: 'en' },
      { type: 'transcription.text.delta', text: WORDS },
      { type: 'transcription.done', ...done, segments: [] },
    ]);
  }

  /** One page, which is priced by itself: there are no tokens to bill. */
  function ocr(_key: FakeKey, { body }: HttpCall): HttpAnswer {
    const { model } = OcrSchema.parse(JSON.parse(body));
    if (!idOf(model)) return invalidModel(model);
    const dimensions = { dpi: 200, height: 2200, width: 1700 };
    const pages = [{ index: 0, markdown: `# ${WORDS}`, images: [], dimensions }];
    const usage_info = { pages_processed: 1, doc_size_bytes: 1000 };
    return jsonAnswer(200, { model, pages, usage_info, document_annotation: null });
  }

  const routes: Record<string, (key: FakeKey, call: HttpCall) => HttpAnswer> = {
    'POST /v1/chat/completions': chat,
    'POST /v1/agents/completions': agent,
    'POST /v1/fim/completions': fim,
    'POST /v1/embeddings': embeddings,
    'POST /v1/moderations': moderations,
    'POST /v1/chat/moderations': chatModerations,
    'POST /v1/classifications': classifications,
    'POST /v1/chat/classifications': chatClassifications,
    'POST /v1/audio/speech': speech,
    'POST /v1/audio/transcriptions': transcriptions,
    'POST /v1/ocr': ocr,
  };

  /** `undefined` for an unknown endpoint. */
  return (key: FakeKey, call: HttpCall): HttpAnswer | undefined => {
    const route = routes[`${call.method} ${call.url.pathname}`];
    if (organization.throttled?.has(key.workspaceId)) return RATE_LIMITED;
    return route ? route(key, call) : conversations.answer(key, call);
  };
}

function eventStream(
  events: readonly { readonly type: string; readonly [field: string]: unknown }[],
): HttpAnswer {
  const lines = events.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`);
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: lines.join('') };
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
