import type { ApiKey } from '../governance/mistral/api-key.js';

export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Mistral's headers that reach the caller; the others are about our connection. */
const PASSED_ON = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'mistral-correlation-id',
  'x-kong-request-id',
  'x-max-retry-attempts-reached',
]);

function isRateLimit(name: string): boolean {
  return name.startsWith('x-ratelimit') || name.startsWith('ratelimit');
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
  const plaintext = key.reveal();
  for (const name in headers) {
    if (!PASSED_ON.has(name) && (isOverflow || !isRateLimit(name))) continue;
    const value = headers[name];
    // A server that echoes the request would otherwise pass the key on.
    if (typeof value === 'string' && !value.includes(plaintext)) passed.push(name, value);
  }
  return passed;
}

export function headerOf(headers: UpstreamHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
