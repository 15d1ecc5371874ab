import type { AccessGrant } from '../access/access.js';
import type { ModelDirectory } from '../access/model-directory.js';
import { isObject } from '../platform/json.js';
import { generates, type MeteredKind } from './endpoints.js';
import type { RequestBody } from './request-body.js';
import { documentKind } from './request-shapes.js';

/** The most that one request can use, known before it is sent. */
export interface Demand {
  /** Whose quotas pay: the workspace, the exact model, and the caller's tokens per day. */
  readonly grant: AccessGrant;
  /** The endpoint's path, with `{id}` instead of an id. */
  readonly route: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** How many answers are generated at once. */
  readonly completions: number;
  /** Of OCR. */
  readonly pages: number;
  readonly audioSeconds: number;
  /** Of a text that is to be spoken. */
  readonly characters: number;
  /** Of tools that run at Mistral, each of which has a price. */
  readonly toolCalls: number;
  /** Requested with `service_tier`, at a higher price. */
  readonly priority: boolean;
  /** OCR that also describes what it finds, at a higher price. */
  readonly annotated: boolean;
  /** Mistral generates it as it is read, and no longer. */
  readonly streamed: boolean;
  /** It names what lives in the caller's workspace, and can be sent from no other. */
  readonly staysHome: boolean;
  /** What a transcription counts as where no answer reports it: its audio has a price as a whole, read or not. */
  readonly unreported:
    | Pick<Demand, 'promptTokens' | 'completionTokens' | 'audioSeconds'>
    | undefined;
}

type Models = Pick<ModelDirectory, 'contextTokens'>;

/** The most that Mistral's chat template and a requested system prompt add to a prompt. */
const TEMPLATE_TOKENS = 64;
const SYSTEM_PROMPT_TOKENS = 2048;
/** The longest context of any listed model, for a model whose own is unknown. */
const LONGEST_CONTEXT_TOKENS = 1_048_576;
/** Mistral reads no longer documents. */
const MAX_DOCUMENT_PAGES = 1000;
/** Voxtral uses twelve and a half tokens per second. */
const TOKENS_PER_AUDIO_SECOND = 12.5;
/** More than any quota, and still a number that adds up exactly. */
const MOST_TOKENS = 2 ** 52;
/** Ordinary text and code have three to four bytes per token. */
const BYTES_PER_TOKEN = 3;

/**
 * The upper bound of a request. A token stands for at least one byte, so the bytes of a body bound
 * its tokens, apart from images, which have a bound of their own. Documents and audio are bounded by
 * the context of the model alone.
 */
export function demandOf(
  body: RequestBody,
  bytes: number,
  kind: MeteredKind,
  grant: AccessGrant,
  models: Models,
): Demand {
  const imageTokens = body.images * grant.bounds.imageTokens;
  if (kind === 'ocr') {
    const annotated = isSet(body, 'bbox_annotation_format', 'document_annotation_format');
    const { ocrPages } = grant.bounds;
    const named = pageBound(body.fields, ocrPages);
    const pages = body.hasMedia ? Math.max(named, ocrPages) : named;
    return demand(grant, body, { pages, annotated });
  }
  if (body.spoken) {
    const { characters, bytes } = body.spoken;
    return demand(grant, body, { promptTokens: bytes, characters });
  }
  const context = contextOf(models, grant);
  if (!generates(kind)) {
    // Each text or chat of a list has a context of its own.
    const { input } = body.fields;
    const contexts = body.hasMedia ? context * (Array.isArray(input) ? input.length : 1) : 0;
    return demand(grant, body, { promptTokens: Math.max(bytes + imageTokens, contexts) });
  }

  // After each call of a tool at Mistral, the model reads all again and writes on.
  const { toolCalls = 0 } = grant.agent ?? {};
  const turns = 1 + toolCalls;
  const staysHome = kind !== 'generation';
  const completionTokens = Math.min(grant.maxTokens * body.completions * turns, MOST_TOKENS);
  if (body.hasMedia || keepsAtMistral(kind, grant)) {
    // Any link may be to audio; for models without a price for it, seconds cost nothing.
    const audioSeconds = Math.ceil(context / TOKENS_PER_AUDIO_SECOND) * turns;
    const { conversationTokens = context } = grant.bounds;
    const kept = Math.max(bytes + imageTokens + TEMPLATE_TOKENS, conversationTokens);
    const promptTokens = (body.hasMedia ? context : Math.min(context, kept)) * turns;
    const media = { promptTokens, completionTokens, audioSeconds };
    return demand(grant, body, { ...media, toolCalls, staysHome });
  }
  const added = isSet(body, 'safe_prompt', 'prompt_mode') ? SYSTEM_PROMPT_TOKENS : 0;
  const promptTokens = Math.min(context, bytes + imageTokens + added + TEMPLATE_TOKENS);
  return demand(grant, body, { promptTokens, completionTokens, staysHome });
}

/** A prompt of which Mistral keeps a part: an agent's instructions and tools, or what was said before. */
function keepsAtMistral(kind: MeteredKind, { agent }: AccessGrant): boolean {
  return agent !== undefined || kind === 'conversation-turn';
}

/**
 * `max_tokens` where the caller set none: Mistral rejects a prompt that leaves no room for it in the
 * model's context, and would accept the same prompt without. It is half of the context where bytes
 * say nothing about the prompt, because it has documents or audio or seems longer than the context: an
 * answer cut off after one token would look like success, while a prompt that really is too long is
 * rejected.
 */
export function defaultMaxTokens(
  { hasMedia, images }: RequestBody,
  bytes: number,
  kind: MeteredKind,
  grant: AccessGrant,
  models: Models,
): number {
  const context = contextOf(models, grant);
  const likely = Math.ceil(bytes / BYTES_PER_TOKEN) + images * grant.bounds.imageTokens;
  const left = context - likely;
  const isUnknown = hasMedia || keepsAtMistral(kind, grant);
  const room = isUnknown || left < 1 ? Math.ceil(context / 2) : left;
  return Math.min(grant.maxTokens, room);
}

function demand(
  grant: AccessGrant,
  { route, fields, priority, completions, objects }: RequestBody,
  bounds: Partial<Omit<Demand, 'grant' | 'route' | 'completions' | 'priority' | 'streamed'>>,
): Demand {
  const { promptTokens = 0, completionTokens = 0, pages = 0 } = bounds;
  const { audioSeconds = 0, characters = 0, annotated = false } = bounds;
  const { toolCalls = 0, staysHome = false } = bounds;
  return {
    grant,
    route,
    promptTokens,
    completionTokens,
    completions,
    pages,
    audioSeconds,
    characters,
    toolCalls,
    priority,
    annotated,
    streamed: fields.stream === true,
    staysHome: staysHome || (objects !== undefined && objects.length > 0),
    unreported: undefined,
  };
}

function contextOf(models: Models, { modelId }: AccessGrant): number {
  return models.contextTokens(modelId) ?? LONGEST_CONTEXT_TOKENS;
}

function isSet({ fields }: RequestBody, ...names: readonly string[]): boolean {
  return names.some((name) => Boolean(fields[name]));
}

/** Pages that are listed, as numbers or as a text such as "0-4,7"; of the rest, a whole document's. */
function pageBound({ document, pages }: RequestBody['fields'], ofDocument: number): number {
  if (isObject(document) && (document.type ?? documentKind(document)) === 'image_url') return 1;
  const listed = Array.isArray(pages) ? pages : typeof pages === 'string' ? pages.split(',') : [];
  const count = listed.reduce((sum: number, one: unknown) => sum + pagesOf(one), 0);
  return count > 0 ? Math.min(count, Math.max(ofDocument, MAX_DOCUMENT_PAGES)) : ofDocument;
}

/** NaN for what does not name pages. */
function pagesOf(listed: unknown): number {
  if (typeof listed === 'number') return Number.isInteger(listed) ? 1 : Number.NaN;
  const [, first, last = first] = PAGES.exec(String(listed)) ?? [];
  const count = 1 + Number(last) - Number(first);
  return count > 0 ? count : Number.NaN;
}

const PAGES = /^\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*$/;
