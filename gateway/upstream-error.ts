import { type Problem, type ProblemAnswer, problem } from '../governance/metering/problem.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { redactKey } from '../governance/mistral/redact-key.js';
import type { UpstreamFailure } from './forwarding.js';
import { retryAfterMs } from './rate-limit.js';
import { headerOf, headersForCaller, type UpstreamHeaders } from './response-headers.js';

/** An answer of Mistral's that is no success. */
export interface UpstreamError {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
}

const QUOTED_CHARACTERS = 300;

/** What a caller gets for an error of Mistral's that nothing more can be done about. */
export function errorForCaller(
  { status, headers, body }: UpstreamError,
  key: ApiKey,
  now: Date,
  isOverflow = false,
): Problem | ProblemAnswer {
  const text = redactKey(body.toString('utf8'), key);
  const parsed = parse(text);
  if (status === 403) {
    const said = wordsOf(parsed).slice(0, QUOTED_CHARACTERS);
    return problem(
      'upstream_forbidden',
      `Mistral refused this with the workspace's key${said ? `: ${said}` : ''}; use a key with broader scope: scope and workspace of a key are fixed when it is created`,
    );
  }
  // The caller's own mistake, in Mistral's own words. What is not JSON is not from the API.
  if (status >= 400 && status < 500 && parsed !== undefined) {
    const words = Buffer.from(text);
    const passed = headersForCaller(headers, key, isOverflow);
    const length = passed.indexOf('content-length');
    if (length >= 0) passed.splice(length, 2);
    return { status, headers: [...passed, 'content-length', String(words.length)], body: words };
  }
  const asked = retryAfterMs(headerOf(headers, 'retry-after'), now);
  return problem('upstream_unavailable', `Mistral answered ${status}`, {
    retryAfterSeconds: Math.ceil((asked ?? 1000) / 1000),
  });
}

export function failureForCaller(failure: UpstreamFailure): Problem {
  const again = { retryAfterSeconds: 1 };
  switch (failure) {
    case 'no connection':
      return problem('upstream_unavailable', 'Mistral could not be reached', again);
    case 'connection broken':
      return problem('upstream_unavailable', 'the connection to Mistral broke', again);
    case 'connect timeout':
      return problem('upstream_timeout', 'Mistral took too long to accept a connection', again);
    case 'timeout':
      return problem('upstream_timeout', 'Mistral took too long to answer', again);
    case 'internal error':
      return internalError();
  }
}

export function keyUnavailable(workspace: string): Problem {
  const what = `the key of workspace "${workspace}" cannot be read right now`;
  return problem('key_unavailable', what, { retryAfterSeconds: 1 });
}

export function keyRefused(workspace: string): Problem {
  const what = `Mistral refuses the key of workspace "${workspace}"; on-call has been told`;
  return problem('upstream_unauthorized', what);
}

/** Of an error whose message may quote the key that was read. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

export function internalError(): Problem {
  return problem('internal_error', 'the gateway failed at this request');
}

/** Mistral's messages are text, lists or objects. */
function wordsOf(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth > 3) return '';
  if (Array.isArray(value)) return value.map((item) => wordsOf(item, depth + 1)).join('; ');
  const fields: Record<string, unknown> = { ...value };
  return wordsOf(fields.message ?? fields.detail ?? fields.msg ?? fields.error, depth + 1);
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
