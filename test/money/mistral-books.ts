import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A Mistral that keeps its own books: what it would bill for each request, finished or not. It knows
 * nothing of the product: prices, usage and answers are written here again, after Mistral's docs.
 */
export interface MistralBooks {
  readonly url: string;
  readonly plans: Map<number, Plan>;
  /** One for each request that was received, in the order of their arrival. */
  readonly bills: readonly Bill[];
  /** Which keys are valid, and whose they are. Any other is answered 401. */
  readonly workspaceOf: Map<string, string>;
  close(): Promise<void>;
}

/** What is to become of one request. Mistral finds it by the number in its text. */
export interface Plan {
  readonly id: number;
  readonly endpoint: keyof typeof MODELS;
  readonly isStream: boolean;
  /** What the first attempts are answered. */
  readonly errors: readonly number[];
  /** Where Mistral stops, until `go` is resolved: before its head, or after a part of its answer. */
  readonly stopsAt: 'nowhere' | 'the head' | 'the middle';
  readonly end: End;
  /** Of the answer; cut to `max_tokens`. */
  readonly completionTokens: number;
  readonly cachedTokens: number;
  /** It is there, with so many events sent. */
  readonly reached: Signal<number>;
  readonly go: Signal<'go' | 'cut'>;
  /** Nothing more is generated. */
  readonly over: Signal<void>;
  arrivals: number;
}

export type End =
  | 'whole'
  /** The connection breaks before the next byte. */
  | 'cut'
  /** It breaks right after the last byte. */
  | 'cut after'
  /** Of a stream: an error takes the place of the rest. */
  | 'error'
  /** Of a stream: the usage comes, its end does not. */
  | 'unterminated'
  /** No usage is reported. */
  | 'silent'
  /** The text contains what looks like a usage. */
  | 'decoy';

/** In nano-dollars and tokens, as Mistral would bill them. */
export interface Bill {
  readonly id: number;
  readonly workspace: string;
  readonly atMs: number;
  readonly isStream: boolean;
  cost: number;
  tokens: number;
  /** Answered with an error, which is free. */
  isError: boolean;
  /** Sent with its usage, to the last byte. */
  isWhole: boolean;
  /** The most that it could have cost, as seen before it was sent. */
  readonly upper: Amounts;
  /** The most that is known of a stream that was cancelled: a token for each byte, and a second more. */
  readonly partial: { cost: number; tokens: number };
}

export interface Amounts {
  readonly cost: number;
  readonly tokens: number;
}

export interface Signal<T> {
  readonly wait: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function signal<T>(): Signal<T> {
  let resolve: (value: T) => void = () => {};
  const wait = new Promise<T>((set) => {
    resolve = set;
  });
  return { wait, resolve };
}

/** Nano-dollars for one token, page or second. A page costs more where it is annotated. */
export const MODELS = {
  chat: { id: 'mistral-small-2603', input: 150, cached: 15, output: 600, context: 262_144 },
  large: { id: 'mistral-large-2512', input: 500, cached: 50, output: 1500, context: 262_144 },
  fim: { id: 'codestral-2508', input: 300, cached: 30, output: 900, context: 131_072 },
  embeddings: { id: 'mistral-embed-2312', input: 100, cached: 10, output: 0, context: 8192 },
  moderations: { id: 'mistral-moderation-2603', input: 0, cached: 0, output: 0, context: 131_072 },
  chats: { id: 'mistral-moderation-2603', input: 0, cached: 0, output: 0, context: 131_072 },
  speech: { id: 'voxtral-mini-tts-2603', input: 0, cached: 0, output: 0, context: 4096 },
  transcription: { id: 'voxtral-mini-2602', input: 0, cached: 0, output: 0, context: 16_384 },
  ocr: { id: 'mistral-ocr-4-1', input: 0, cached: 0, output: 0, context: 1 },
  audio: { id: 'voxtral-small-2507', input: 100, cached: 0, output: 400, context: 32_768 },
} as const;
const PAGE = 4_000_000;
const CHARACTER = 16_000;
const ANNOTATED_PAGE = 5_000_000;
const THREE_SECONDS = 200_000; // 0.004 dollars a minute
const SECOND = 50_000; // of a transcription: 0.003 dollars a minute
const AUDIO_TOKENS_PER_SECOND = 12.5;
/** A bit more than the lowest bitrate that a file may have. */
const FILE_BYTES_PER_SECOND = 1000;
const LONGEST_SECONDS = 10_800;

export const PATHS: Readonly<Record<Plan['endpoint'], string>> = {
  chat: '/v1/chat/completions',
  large: '/v1/chat/completions',
  audio: '/v1/chat/completions',
  fim: '/v1/fim/completions',
  embeddings: '/v1/embeddings',
  moderations: '/v1/moderations',
  chats: '/v1/chat/moderations',
  speech: '/v1/audio/speech',
  transcription: '/v1/audio/transcriptions',
  ocr: '/v1/ocr',
};

const ID = /\[\[(\d+)\]\]/;
/** Of text, on average. */
const BYTES_PER_TOKEN = 3.5;
const TEMPLATE_TOKENS = 4;
/** Of a stream, on its way when its reader left. */
const UNSEEN = 1024;
const WORDS = ['the ', 'cost ', 'model ', 'budget ', 'gateway '];

interface Fields {
  readonly max_tokens?: number;
  readonly n?: number;
  readonly pages?: readonly number[];
}

export async function openMistralBooks(nowMs: () => number): Promise<MistralBooks> {
  const plans = new Map<number, Plan>();
  const bills: Bill[] = [];
  const workspaceOf = new Map<string, string>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === undefined) return; // never received whole, so never begun
    const key = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const workspace = workspaceOf.get(key);
    if (workspace === undefined) return json(response, 401, { detail: 'Unauthorized' });
    if (request.method === 'GET') return json(response, 200, { object: 'list', data: CARDS });
    const plan = plans.get(Number(ID.exec(body)?.[1]));
    if (!plan) return json(response, 422, { object: 'error', message: 'not planned' });

    const isForm = plan.endpoint === 'transcription';
    const fields = (isForm ? {} : JSON.parse(body)) as Fields;
    const error = plan.errors[plan.arrivals];
    plan.arrivals += 1;
    const end = plan.arrivals > plan.errors.length + 1 ? 'whole' : plan.end; // a retry succeeds
    const bill = newBill(plan, body, fields, workspace);
    bills.push(bill);
    if (error !== undefined) {
      bill.isError = true;
      return json(response, error, errorBody(error), error === 429 ? NEVER : {});
    }
    const generate = plan.isStream ? stream : whole;
    await generate({ ...plan, end }, bill, body, fields, response);
    plan.over.resolve();
  }

  function newBill(plan: Plan, body: string, fields: Fields, workspace: string): Bill {
    const { id, isStream } = plan;
    const upper = upperBound(plan, Buffer.byteLength(body), fields);
    const partial = { cost: 0, tokens: 0 };
    const fixed = { id, isStream, workspace, atMs: nowMs(), upper, partial };
    return { ...fixed, cost: 0, tokens: 0, isError: false, isWhole: false };
  }

  /** Once it has begun, all of it is generated and billed, also without a reader. */
  async function whole(
    plan: Plan,
    bill: Bill,
    body: string,
    fields: Fields,
    response: ServerResponse,
  ): Promise<void> {
    const usage = usageOf(plan, body, fields);
    bill.cost = usage.cost;
    bill.tokens = usage.tokens;
    const text = JSON.stringify({
      ...answerOf(plan),
      ...(plan.end !== 'silent' && usage.reported),
    });
    const headers = { 'content-type': 'application/json', 'content-length': text.length };
    if (plan.stopsAt === 'the head' && (await stop(plan, response, 0)) === 'cut') return;
    response.writeHead(200, headers);
    if (plan.stopsAt === 'the middle') {
      response.write(text.slice(0, text.length / 2));
      if ((await stop(plan, response, 0)) === 'cut') return;
      if (plan.end === 'cut') return void response.destroy();
      response.end(text.slice(text.length / 2));
    } else if (plan.end === 'cut') return void response.destroy();
    else response.end(text);
    bill.isWhole = plan.end !== 'silent';
    if (plan.end === 'cut after') response.once('finish', () => response.socket?.destroy());
  }

  /** Billed as it is generated, until its reader leaves. */
  async function stream(
    plan: Plan,
    bill: Bill,
    body: string,
    fields: Fields,
    response: ServerResponse,
  ): Promise<void> {
    const { cost, tokens, completion, reported } = usageOf(plan, body, fields);
    const { output, input } = MODELS[plan.endpoint];
    const prompt = Buffer.byteLength(body) + 64;
    const most = fields.max_tokens ?? Number.POSITIVE_INFINITY;
    const { partial } = bill;
    const knownWith = (tokens: number) => {
      partial.tokens = prompt + Math.min(tokens, most);
      partial.cost = prompt * input + Math.min(tokens, most) * output;
    };
    bill.cost = cost - completion * output;
    bill.tokens = tokens - completion;
    knownWith(UNSEEN);
    if (plan.stopsAt === 'the head' && (await stop(plan, response, 0)) === 'cut') return;
    if (plan.stopsAt === 'the head' && plan.end === 'cut') return void response.destroy();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event(plan, ''));
    let events = 1;
    let bytes = 'assistant'.length;
    const middle = Math.ceil(completion / 2);
    for (let token = 0; token < completion && response.writable; token += 1) {
      if (token === middle) {
        if (plan.stopsAt === 'the middle' && (await stop(plan, response, events)) === 'cut') return;
        if (plan.end === 'cut') return void response.destroy();
        if (plan.end === 'error') {
          bill.isError = true;
          bill.cost = 0;
          bill.tokens = 0;
          knownWith(bytes);
          return void response.end(`data: ${JSON.stringify(errorBody(500))}\n\n`);
        }
      }
      const word = WORDS[(plan.id + token) % WORDS.length] ?? '';
      response.write(event(plan, word));
      events += 1;
      bytes += word.length;
      bill.cost += output;
      bill.tokens += 1;
      knownWith(bytes + UNSEEN);
    }
    if (!response.writable) return;
    const usage = plan.end === 'silent' ? undefined : reported.usage;
    response.write(lastEvent(plan, usage));
    if (plan.end === 'unterminated') response.socket?.end();
    else {
      response.end('data: [DONE]\n\n');
      bill.isWhole = plan.end !== 'silent';
    }
  }

  const server = createServer((request, response) => {
    response.on('error', () => {}); // the other side is gone
    void answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ plans, bills, workspaceOf },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Waits for the plan to go on, or for the reader to leave. */
async function stop(plan: Plan, response: ServerResponse, events: number): Promise<'go' | 'cut'> {
  plan.reached.resolve(events);
  const left = new Promise<'cut'>((resolve) => response.once('close', () => resolve('cut')));
  const next = await Promise.race([plan.go.wait, left]);
  if (next === 'cut') response.destroy();
  return next;
}

function usageOf(plan: Plan, body: string, fields: Fields) {
  const { input, cached, output } = MODELS[plan.endpoint];
  if (plan.endpoint === 'ocr') {
    const pages = fields.pages?.length ?? 1;
    const price = 'document_annotation_format' in fields ? ANNOTATED_PAGE : PAGE;
    const usage_info = { pages_processed: pages, doc_size_bytes: 1000 };
    return { cost: pages * price, tokens: 0, completion: 0, reported: { usage_info } };
  }
  if (plan.endpoint === 'speech') {
    const { length } = textOf(body);
    return { cost: length * CHARACTER, tokens: length, completion: 0, reported: {} };
  }
  if (plan.endpoint === 'transcription') {
    const seconds = Math.ceil(fileOf(body).length / FILE_BYTES_PER_SECOND);
    const completion = plan.completionTokens;
    const total = TEMPLATE_TOKENS + completion + Math.ceil(seconds * AUDIO_TOKENS_PER_SECOND);
    const more = { prompt_audio_seconds: seconds };
    const usage = usageFields(TEMPLATE_TOKENS, completion, total, more);
    return { cost: seconds * SECOND, tokens: total, completion, reported: { usage } };
  }
  const prompt = Math.ceil(textOf(body).length / BYTES_PER_TOKEN) + TEMPLATE_TOKENS;
  const completions = fields.n ?? 1;
  const most = output === 0 ? 0 : (fields.max_tokens ?? plan.completionTokens);
  const completion = Math.min(plan.completionTokens, most) * completions;
  if (plan.endpoint === 'audio') {
    const seconds = 3 * (1 + (plan.id % 10));
    const total = prompt + completion + Math.ceil(seconds * AUDIO_TOKENS_PER_SECOND);
    const usage = usageFields(prompt, completion, total, { prompt_audio_seconds: seconds });
    const cost = prompt * input + completion * output + (seconds / 3) * THREE_SECONDS;
    return { cost, tokens: total, completion, reported: { usage } };
  }
  const hits = Math.min(plan.cachedTokens, Math.floor(prompt / 64) * 64);
  const details = hits > 0 ? { prompt_tokens_details: { cached_tokens: hits } } : {};
  const total = prompt + completion;
  const usage = usageFields(prompt, completion, total, details);
  const cost = (prompt - hits) * input + hits * cached + completion * output;
  const isFree = plan.endpoint === 'moderations' || plan.endpoint === 'chats';
  return {
    ...{ cost, completion, reported: isFree ? {} : { usage } },
    tokens: isFree ? 0 : total,
  };
}

function usageFields(
  prompt_tokens: number,
  completion_tokens: number,
  total_tokens: number,
  more: object,
) {
  return { prompt_tokens, completion_tokens, total_tokens, ...more };
}

/** A token has at least one byte; the template of a chat adds no more than 64. */
function upperBound({ endpoint }: Plan, bytes: number, fields: Fields): Amounts {
  const { input, output, context } = MODELS[endpoint];
  if (endpoint === 'ocr')
    return { cost: (fields.pages?.length ?? 1000) * ANNOTATED_PAGE, tokens: 0 };
  if (endpoint === 'speech') return { cost: bytes * CHARACTER, tokens: bytes };
  if (endpoint === 'transcription') {
    return { cost: LONGEST_SECONDS * SECOND, tokens: 64 + 23 * LONGEST_SECONDS };
  }
  const seconds = endpoint === 'audio' ? Math.ceil(context / AUDIO_TOKENS_PER_SECOND / 3) * 3 : 0;
  const prompt = endpoint === 'audio' ? context : bytes + 64;
  const completion = output === 0 ? 0 : (fields.max_tokens ?? context) * (fields.n ?? 1);
  return {
    cost: prompt * input + completion * output + (seconds / 3) * THREE_SECONDS,
    tokens: prompt + completion,
  };
}

function textOf(body: string): string {
  return /"(?:content|prompt|input|text)":"([^"]*)"/.exec(body)?.[1] ?? '';
}

function fileOf(body: string): string {
  return /filename="[^"]*"\r\n.*\r\n\r\n([^\r]*)\r\n/.exec(body)?.[1] ?? '';
}

const DECOY = JSON.stringify({ usage: { prompt_tokens: 1, total_tokens: 10_000_000 } });

function answerOf({ endpoint, end }: Plan): object {
  const fixed = { id: 'b1', object: endpoint, created: 1_790_000_000, model: MODELS[endpoint].id };
  switch (endpoint) {
    case 'embeddings':
      return { ...fixed, data: [{ object: 'embedding', index: 0, embedding: [0.5] }] };
    case 'transcription':
      return { ...TRANSCRIPT, model: fixed.model };
    case 'speech':
      return { audio_data: 'UklGRg==', ...(end === 'decoy' && { choices: JSON.parse(DECOY) }) };
    case 'moderations':
    case 'chats':
      return { ...fixed, results: [{ categories: {}, category_scores: {} }] };
    case 'ocr': {
      const images: unknown[] = [];
      const page = { index: 0, markdown: 'text', images, dimensions: null };
      return { ...fixed, pages: [end === 'decoy' ? { ...page, ...JSON.parse(DECOY) } : page] };
    }
    default: {
      const call = {
        id: 'c',
        type: 'function',
        function: { name: 'f', arguments: JSON.parse(DECOY) },
      };
      const tool_calls = end === 'decoy' ? [call] : undefined;
      const message = { role: 'assistant', content: 'words', tool_calls };
      return { ...fixed, choices: [{ index: 0, message, finish_reason: 'stop' }] };
    }
  }
}

const TRANSCRIPT = { text: 'words', language: 'en', segments: [] };

function event({ endpoint }: Plan, text: string): string {
  if (endpoint === 'transcription') return spoken({ type: 'transcription.text.delta', text });
  return chunk({ ...(text === '' && { role: 'assistant' }), content: text }, null);
}

function lastEvent({ endpoint }: Plan, usage: object | undefined): string {
  if (endpoint !== 'transcription') return chunk({ content: '' }, 'stop', usage);
  const { id: model } = MODELS.transcription;
  return spoken({ type: 'transcription.done', ...TRANSCRIPT, model, usage });
}

function spoken(data: { readonly type: string; readonly [name: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function chunk(delta: object, finish_reason: string | null, usage?: object): string {
  const chunk = { id: 's1', object: 'chat.completion.chunk', created: 1, model: 'm' };
  const choices = [{ index: 0, delta, finish_reason }];
  return `data: ${JSON.stringify({ ...chunk, choices, ...(usage && { usage }) })}\n\n`;
}

/** No allowance at all, so that no client waits for one. */
const NEVER = { 'x-ratelimit-limit-req-minute': '0', 'x-ratelimit-remaining-req-minute': '0' };

function errorBody(status: number): object {
  return { object: 'error', message: `answered ${status}`, type: 'error', param: null, code: '1' };
}

function json(response: ServerResponse, status: number, body: object, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return request.complete ? Buffer.concat(chunks).toString('utf8') : undefined;
}

const CARDS = Object.values(MODELS).map(({ id, context }) => ({
  ...{ id, object: 'model', owned_by: 'mistralai', type: 'base', max_context_length: context },
  aliases: [id.replace(/-\d[\d-]*$/, '-latest'), id.replace(/-\d{4}$/, '')],
  capabilities: { completion_chat: true },
}));
