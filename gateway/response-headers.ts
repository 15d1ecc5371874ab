import type { ApiKey } from '../governance/mistral/api-key.js';
import { quotesKey } from '../governance/mistral/redact-key.js';

export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

const COUNT = /^[\d.]{1,20}(ms|[smhd])?$|^(true|false)$/;
const STREAM = 'text/event-stream';
const REQUEST_ID = /^[\w-]{1,100}$/;

/** Mistral's headers that reach the caller with such values; the others are about our connection. */
const PASSED_ON: ReadonlyMap<string, RegExp> = new Map([
  ['content-type', /^(application\/json|text\/event-stream)(; ?charset=utf-?8)?$/i],
  ['content-length', COUNT],
  ['content-encoding', /^(identity|gzip|br|deflate|zstd)$/i],
  ['mistral-correlation-id', REQUEST_ID],
  ['x-kong-request-id', REQUEST_ID],
  ['x-max-retry-attempts-reached', COUNT],
]);

/** In words that Mistral has used: a name can hold a key as well as a value. */
const RATE_LIMIT =
  /^(x-)?ratelimit(bysize)?(-(limit|remaining|reset|query|cost|req|requests|tokens|second|minute|hour|day|month))+$/;

/** Names of rate limits that have come: every answer has some. */
const rateLimits = new Set<string>();
const MOST_NAMES = 50;

function isRateLimit(name: string): boolean {
  if (rateLimits.has(name)) return true;
  const is = RATE_LIMIT.test(name);
  if (is && rateLimits.size < MOST_NAMES) rateLimits.add(name);
  return is;
}

/**
 * As name, value, name, value …
 *
 * @param isOverflow another workspace than the caller's answered, with limits of its own
 */
export function headersForCaller(
  headers: UpstreamHeaders,
  key: ApiKey,
  isOverflow: boolean,
): string[] {
  const passed: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    const form = PASSED_ON.get(name) ?? (!isOverflow && isRateLimit(name) ? COUNT : undefined);
    if (form === REQUEST_ID ? isFreeOf(key, value) : form?.test(value)) {
      passed.push(name, value);
    } else if (name === 'content-type') {
      passed.push(name, value.startsWith(STREAM) ? STREAM : 'application/json');
    }
  }
  return passed;
}

const USUAL_ID = /^[\da-f-]{32,36}$/;

/** Most ids are of hexadecimal digits, and decided fast: every answer has some. */
function isFreeOf(key: ApiKey, id: string): boolean {
  if (USUAL_ID.test(id)) return !id.includes(key.reveal());
  return REQUEST_ID.test(id) && !quotesKey(id, key);
}

export function headerOf(headers: UpstreamHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
