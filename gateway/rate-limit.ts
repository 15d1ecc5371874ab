import type { AccessGrant } from '../governance/access/access.js';
import { type Problem, problem } from '../governance/metering/problem.js';
import { headerOf, type UpstreamHeaders } from './response-headers.js';

/** What a 429 of Mistral's says of when to come back. */
export type Comeback =
  | { readonly kind: 'after'; readonly ms: number }
  /** Nothing said: a short pause may do. */
  | { readonly kind: 'unknown' }
  /** This workspace has no allowance for the model at all. */
  | { readonly kind: 'never' };

const LIMITS = ['x-ratelimit-limit-req-minute', 'x-ratelimit-limit-tokens-minute'];
const REMAINING = ['x-ratelimit-remaining-req-minute', 'x-ratelimit-remaining-tokens-minute'];
// Mistral counts over the last sixty seconds, so this is when the window has moved on for sure.
const WINDOW_MS = 60_000;

/** One code covers "spent" and "never allowed" at Mistral: only the headers tell them apart. */
export function comebackOf(headers: UpstreamHeaders, now: Date): Comeback {
  if (LIMITS.some((name) => headerOf(headers, name) === '0')) return { kind: 'never' };
  const asked = retryAfterMs(headerOf(headers, 'retry-after'), now);
  if (asked !== undefined) return { kind: 'after', ms: asked };
  const spent = REMAINING.some((name) => headerOf(headers, name) === '0');
  return spent ? { kind: 'after', ms: WINDOW_MS } : { kind: 'unknown' };
}

/** `Retry-After` comes in seconds or as a date; what is neither asks for nothing. */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now.getTime() : seconds * 1000;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** What a caller is told when Mistral has no room for its own workspace. */
export function rateLimited({ workspace, modelId }: AccessGrant, comeback: Comeback): Problem {
  if (comeback.kind === 'never') {
    const what = `Mistral allows workspace "${workspace}" no requests to model "${modelId}"`;
    return problem('rate_limited', what);
  }
  const seconds = comeback.kind === 'after' ? Math.ceil(comeback.ms / 1000) : 0;
  const what = `Mistral's rate limit of workspace "${workspace}" is reached for "${modelId}"`;
  return problem('rate_limited', what, { retryAfterSeconds: Math.max(1, seconds) });
}
