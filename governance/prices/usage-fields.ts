import { isObject } from '../platform/json.js';
import type { Usage, UsageBounds } from './request-cost.js';

type Fields = Readonly<Record<string, unknown>>;

/** What one request used, as reported. */
export interface ReadUsage extends Usage {
  /** With what belongs to neither prompt nor completion, such as audio. */
  readonly totalTokens: number;
}

/**
 * Reads the `usage` of chat, FIM, embeddings and transcriptions, and the `usage_info` of OCR. A part
 * that is missing or unreadable counts as the most that the request may use of it; `undefined` if
 * nothing is readable. Without a schema, since it runs for every request.
 */
export function readUsage(usage: unknown, most: UsageBounds): ReadUsage | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = count(usage.prompt_tokens);
  const completion = count(usage.completion_tokens);
  const total = count(usage.total_tokens);
  const pages = count(usage.pages_processed);
  const seconds = secondsOf(usage.prompt_audio_seconds);
  if (Math.max(prompt, completion, total, pages, seconds) < 0) return undefined;

  // None if there was no audio.
  const audioSeconds = isMissing(usage.prompt_audio_seconds)
    ? 0
    : (known(seconds) ?? most.audioSeconds);
  let promptTokens = known(prompt) ?? most.promptTokens;
  if (total >= 0 && isMissing(usage.prompt_tokens)) promptTokens = 0; // all of it may be completion
  let completionTokens = known(completion) ?? known(total - promptTokens) ?? most.completionTokens;

  const parts = promptTokens + completionTokens;
  // What tools read for the model: in the total, as far as answers show.
  const ofTools = count(usage.connector_tokens);
  const rest = Math.max((known(total) ?? parts) - parts, ofTools);
  const totalTokens = parts + Math.max(0, rest);
  if (!Number.isSafeInteger(totalTokens)) return undefined;
  // Audio has a price of its own. What else there may be costs as much as the dearer tokens.
  if (rest > 0 && audioSeconds === 0) {
    if (most.completionTokens > 0) completionTokens += rest;
    else promptTokens += rest;
  }
  const usedPages = known(pages) ?? most.pages;
  // Written out: spread into objects of another shape, it took three times as long as all the rest.
  return {
    promptTokens,
    cachedTokens: cachedOf(usage, promptTokens),
    completionTokens,
    pages: usedPages,
    annotatedPages: most.annotatedPages > 0 ? usedPages : 0,
    audioSeconds,
    characters: most.characters, // known exactly beforehand, and not reported
    serviceTier: isPriority(usage.service_tier, most) ? 'priority' : 'standard',
    totalTokens,
  };
}

/**
 * Calls of tools that ran at Mistral; `undefined` where nothing says how many. Conversations report them, and
 * `null` where there were none.
 */
export function toolCallsIn({ connectors }: Fields): number | undefined {
  if (connectors === null) return 0;
  if (!isObject(connectors)) return undefined;
  const counts = Object.values(connectors).map(count);
  return counts.some((one) => one < 0) ? undefined : counts.reduce((sum, one) => sum + one, 0);
}

/** -1 for what is missing or makes no sense: NaN would turn all sums into slower ones. */
function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : -1;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function known(value: number): number | undefined {
  return value >= 0 ? value : undefined;
}

/** A second begun is a second. */
function secondsOf(value: unknown): number {
  return typeof value === 'number' ? count(Math.ceil(value)) : -1;
}

/** What is not one of the tiers may have been the more expensive one, if that was requested. */
function isPriority(tier: unknown, { mayBePriority }: UsageBounds): boolean {
  if (tier === 'priority') return true;
  return mayBePriority && !isMissing(tier) && tier !== 'standard';
}

/** Mistral has three places for it. What is not readable there counts as not cached, which costs more. */
function cachedOf(usage: Fields, promptTokens: number): number {
  const first = detail(usage.prompt_tokens_details);
  const second = detail(usage.prompt_token_details);
  return Math.min(Math.max(0, first, second, count(usage.num_cached_tokens)), promptTokens);
}

function detail(details: unknown): number {
  return isObject(details) ? count(details.cached_tokens) : 0;
}

/** How much a usage reports; negative for an object that reports no counts. */
export function weightOf(usage: Fields): number {
  const counts = [usage.total_tokens, usage.pages_processed, usage.prompt_audio_seconds];
  const parts = [usage.prompt_tokens, usage.completion_tokens].filter(isCount);
  const all = [...counts.filter(isCount), parts.reduce((sum, part) => sum + part, 0)];
  return all.length === 1 && parts.length === 0 ? -1 : Math.max(...all);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
