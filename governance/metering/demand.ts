import type { AccessGrant } from '../access/access.js';
import type { ModelDirectory } from '../access/model-directory.js';
import type { EndpointKind } from './endpoints.js';
import type { Demand, Used } from './metering.js';
import type { RequestBody } from './request-body.js';

/** What Mistral's chat template and an asked-for system prompt add to a prompt at most. */
const TEMPLATE_TOKENS = 64;
const SYSTEM_PROMPT_TOKENS = 2048;
/** The longest context of any model listed, for a model whose own is not known. */
const LONGEST_CONTEXT_TOKENS = 1_048_576;
const MAX_DOCUMENT_PAGES = 1000;
/** Voxtral makes twelve and a half tokens of a second. */
const TOKENS_PER_AUDIO_SECOND = 12.5;
/** More than any quota, and still a number that adds up exactly. */
const MOST_TOKENS = 2 ** 52;
/** Ordinary text and code have three to four bytes in a token. */
const BYTES_PER_TOKEN = 3;

/**
 * The most that a request can use. A token stands for at least one byte, so a body's bytes bound
 * its tokens; what the body only points at is bounded by the model's context.
 */
export function demandOf(
  body: RequestBody,
  bytes: number,
  kind: EndpointKind,
  grant: AccessGrant,
  models: Pick<ModelDirectory, 'contextTokens'>,
): Demand {
  const likely = Math.ceil(bytes / BYTES_PER_TOKEN);
  if (kind === 'ocr') {
    const annotated = isAsked(body, 'bbox_annotation_format', 'document_annotation_format');
    return demand(grant, body, 0, 0, 0, pageBound(body.fields), 0, annotated);
  }
  // Each text of a list has a context of its own.
  if (kind !== 'generation') return demand(grant, body, bytes, likely, 0, 0, 0, false);

  const context = models.contextTokens(grant.modelId) ?? LONGEST_CONTEXT_TOKENS;
  const completion = Math.min(grant.maxTokens * body.completions, MOST_TOKENS);
  if (body.hasMedia) {
    // Whatever it points at may be audio; for models without a price for it, seconds cost nothing.
    const seconds = Math.ceil(context / TOKENS_PER_AUDIO_SECOND);
    return demand(grant, body, context, context, completion, 0, seconds, false);
  }
  const added = isAsked(body, 'safe_prompt', 'prompt_mode') ? SYSTEM_PROMPT_TOKENS : 0;
  const prompt = Math.min(context, bytes + added + TEMPLATE_TOKENS);
  return demand(grant, body, prompt, Math.min(prompt, likely), completion, 0, 0, false);
}

/**
 * What to allow where the caller left it to us: Mistral refuses a prompt that leaves no room in the
 * model's context for `max_tokens`, and would not have without. Half of the context where bytes tell
 * nothing of the prompt, since it has media or seems longer than the context: an answer cut short
 * after one token would look like success, a prompt that really is too long is refused as such.
 */
export function roomFor(
  { hasMedia }: RequestBody,
  bytes: number,
  { modelId, maxTokens }: AccessGrant,
  models: Pick<ModelDirectory, 'contextTokens'>,
): number {
  const context = models.contextTokens(modelId) ?? LONGEST_CONTEXT_TOKENS;
  const left = context - Math.ceil(bytes / BYTES_PER_TOKEN);
  const room = hasMedia || left < 1 ? Math.ceil(context / 2) : left;
  return Math.min(maxTokens, room);
}

/** Plain arguments and one shape: this runs for every request. */
function demand(
  grant: AccessGrant,
  { priority }: RequestBody,
  promptTokens: number,
  likelyPromptTokens: number,
  completionTokens: number,
  pages: number,
  audioSeconds: number,
  annotated: boolean,
): Demand {
  return {
    grant,
    promptTokens,
    likelyPromptTokens,
    completionTokens,
    pages,
    audioSeconds,
    priority,
    annotated,
  };
}

/** For an answer without usage: all of the prompt's bound, and all that could be generated. */
export function upperEstimate(demand: Demand): Used {
  const { promptTokens, completionTokens, pages, audioSeconds } = demand;
  return { kind: 'estimated', promptTokens, completionTokens, pages, audioSeconds };
}

/** For an answer that ended early: a likely prompt, and what was delivered. */
export function partialEstimate(demand: Demand, deliveredTokens: number): Used {
  const { likelyPromptTokens, completionTokens, pages, audioSeconds } = demand;
  return {
    kind: 'estimated',
    promptTokens: likelyPromptTokens,
    completionTokens: Math.min(completionTokens, deliveredTokens),
    pages,
    audioSeconds,
  };
}

function isAsked({ fields }: RequestBody, ...names: readonly string[]): boolean {
  return names.some((name) => Boolean(fields[name]));
}

/** Pages that are listed count by number; ranges and whole documents by the most there can be. */
function pageBound({ document, pages }: Record<string, unknown>): number {
  const type = typeof document === 'object' && document && 'type' in document && document.type;
  if (type === 'image_url') return 1;
  const isList = Array.isArray(pages) && pages.length > 0 && pages.every(Number.isInteger);
  if (isList) return Math.min(pages.length, MAX_DOCUMENT_PAGES);
  return MAX_DOCUMENT_PAGES;
}
