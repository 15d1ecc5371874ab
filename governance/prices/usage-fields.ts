import { isObject } from '../platform/json.js';
import { NO_USAGE, type Usage } from './request-cost.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the `usage` of chat, FIM, embeddings and transcriptions, and the `usage_info` of OCR.
 * `undefined` where it cannot be relied on. Without a schema, since it runs for every request.
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const promptTokens = count(usage.prompt_tokens);
  const completionTokens = count(usage.completion_tokens) ?? completionOf(usage, promptTokens);
  const pages = count(usage.pages_processed);
  const audioSeconds = secondsOf(usage.prompt_audio_seconds);
  const counts = [promptTokens, completionTokens, pages, audioSeconds];
  if (counts.every((each) => each === undefined) || counts.some(Number.isNaN)) return undefined;
  return {
    ...NO_USAGE,
    promptTokens: promptTokens ?? 0,
    cachedTokens: cachedOf(usage, promptTokens ?? 0),
    completionTokens: completionTokens ?? 0,
    pages: pages ?? 0,
    audioSeconds: audioSeconds ?? 0,
    serviceTier: usage.service_tier === 'priority' ? 'priority' : 'standard',
  };
}

/** `undefined` for a field that is not there, NaN for one that makes no sense. */
function count(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : Number.NaN;
}

function completionOf(usage: Fields, promptTokens = 0): number | undefined {
  const total = count(usage.total_tokens);
  if (total === undefined) return undefined;
  return total >= promptTokens ? total - promptTokens : Number.NaN;
}

/** Some answers hold an empty object for "none". A second begun is a second. */
function secondsOf(value: unknown): number | undefined {
  return typeof value === 'number' ? count(Math.ceil(value)) : undefined;
}

/** Mistral has three places for it. What is not readable there counts as not cached, which costs more. */
function cachedOf(usage: Fields, promptTokens: number): number {
  const cached = [
    detail(usage.prompt_tokens_details),
    detail(usage.prompt_token_details),
    count(usage.num_cached_tokens),
  ].map((tokens) => tokens || 0);
  return Math.min(Math.max(...cached), promptTokens);
}

function detail(details: unknown): number | undefined {
  return isObject(details) ? count(details.cached_tokens) : undefined;
}

/** How much a usage reports; negative for an object that reports no counts. */
export function weightOf(usage: Fields): number {
  const counts = [usage.total_tokens, usage.pages_processed];
  const parts = [usage.prompt_tokens, usage.completion_tokens].filter(isCount);
  const all = [...counts.filter(isCount), parts.reduce((sum, part) => sum + part, 0)];
  return all.length === 1 && parts.length === 0 ? -1 : Math.max(...all);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
