import { isObject, parseJson } from '../platform/json.js';
import type { EndpointKind } from './endpoints.js';
import { type Problem, problem } from './problem.js';

/** A body that was parsed once. Only the fields below are checked. */
export interface RequestBody {
  readonly kind: 'body';
  readonly fields: Record<string, unknown>;
  readonly model: string;
  readonly maxTokens: number | null | undefined;
  /** The number of completions of one prompt. */
  readonly completions: number;
  /** May be served by the priority tier, at a higher price. */
  readonly priority: boolean;
  /** Images, documents or audio: the bytes of the body do not bound their tokens. */
  readonly hasMedia: boolean;
}

/** Parts of a message that have at most one token per byte. */
const SPELLED_OUT = new Set(['text', 'thinking', 'reference', 'tool_reference']);

export function parseRequestBody(body: Buffer, kind: EndpointKind): RequestBody | Problem {
  const fields = parseObject(body);
  if (!fields) return problem('invalid_request', 'the body is not a JSON object');
  const { model, n, max_tokens: maxTokens } = fields;
  if (typeof model !== 'string' || model === '') {
    return invalid('model', 'must be the name of a model');
  }
  if (kind !== 'generation') return bodyOf(fields, model, undefined, 0, false);

  if (maxTokens !== undefined && maxTokens !== null && typeof maxTokens !== 'number') {
    const what = 'max_tokens must be a whole number of tokens';
    return problem('max_tokens_invalid', what, { param: 'max_tokens' });
  }
  const completions = n ?? 1;
  if (typeof completions !== 'number' || !Number.isInteger(completions) || completions < 1) {
    return invalid('n', 'must be a whole number of completions, at least 1');
  }
  const tool = toolRunByMistral(fields.tools);
  if (tool !== undefined) {
    return invalid(
      'tools',
      `of type ${tool} run at Mistral and cannot be metered: only type function is allowed`,
    );
  }
  const media = mediaOf(fields.messages);
  if (media === 'not a list') return invalid('messages', 'must be a list of messages');
  return bodyOf(fields, model, maxTokens, completions, media === 'some');
}

function bodyOf(
  fields: Record<string, unknown>,
  model: string,
  maxTokens: number | null | undefined,
  completions: number,
  hasMedia: boolean,
): RequestBody {
  return {
    kind: 'body',
    fields,
    model,
    maxTokens,
    completions,
    priority: mayBePriority(fields.service_tier),
    hasMedia,
  };
}

/** `auto` requests it; the default is `standard_only`. Any future tier counts as priority too. */
function mayBePriority(serviceTier: unknown): boolean {
  return serviceTier !== undefined && serviceTier !== null && serviceTier !== 'standard_only';
}

/**
 * The body to send: the checked fields, always with a token limit, and without fields that Mistral
 * rejects. It names the model by the id that was checked, since an alias may move meanwhile.
 */
export function writeRequestBody(
  { fields }: RequestBody,
  modelId: string,
  maxTokens: number | undefined,
): Buffer | Problem {
  fields.model = modelId;
  if (maxTokens !== undefined) fields.max_tokens = maxTokens;
  // Clients of other vendors send it by default. Mistral answers 422, and reports usage anyway.
  if (fields.stream_options !== undefined) fields.stream_options = undefined;
  try {
    return Buffer.from(JSON.stringify(fields));
  } catch {
    return problem('invalid_request', 'the body is nested too deeply');
  }
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  // Of repeated names the last one counts, and only that one is sent on.
  const value = parseJson(body.toString('utf8'));
  const isFields = isObject(value) && !Array.isArray(value);
  return isFields ? (value as Record<string, unknown>) : undefined;
}

/** Web search, code interpreter and connectors are billed separately from tokens. */
function toolRunByMistral(tools: unknown): string | undefined {
  if (!Array.isArray(tools)) return undefined;
  for (const tool of tools) {
    const type: unknown = isObject(tool) ? (tool.type ?? 'function') : 'function';
    if (type !== 'function') return JSON.stringify(type).slice(0, 60);
  }
  return undefined;
}

function mediaOf(messages: unknown): 'none' | 'some' | 'not a list' {
  if (messages === undefined) return 'none';
  if (!Array.isArray(messages)) return 'not a list';
  for (const message of messages) {
    const content: unknown = isObject(message) ? message.content : undefined;
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      const type: unknown = isObject(part) ? part.type : undefined;
      if (typeof type !== 'string' || !SPELLED_OUT.has(type)) return 'some';
    }
  }
  return 'none';
}

function invalid(param: string, what: string): Problem {
  return problem('invalid_field', `${param} ${what}`, { param });
}
