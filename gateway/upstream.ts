import type { ApiKey } from '../governance/mistral/api-key.js';
import type { GatewayPolicy } from '../governance/policy/policy.js';
import type { UpstreamHeaders } from './response-headers.js';

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key: ApiKey;
  readonly accept: string | undefined;
  readonly body: Buffer | undefined;
}

/** Slows down or ends what comes. */
export interface UpstreamController {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** Hears of one answer as it comes: plain calls, since every request makes them. */
export interface UpstreamHandler {
  onRequestStart(controller: UpstreamController): void;
  onResponseStart(controller: UpstreamController, status: number, headers: UpstreamHeaders): void;
  onResponseData(controller: UpstreamController, chunk: Buffer): void;
  onResponseEnd(): void;
  onResponseError(controller: UpstreamController | undefined, error: Error): void;
}

/**
 * Mistral's inference API over kept connections. The Lambda uses Node's own client, the plain server
 * undici's, which carries half as many requests again.
 */
export interface Upstream {
  dispatch(request: UpstreamRequest, handler: UpstreamHandler): void;
  close(): Promise<void>;
}

export type UpstreamTimeouts = Pick<
  GatewayPolicy,
  'connectTimeoutSeconds' | 'firstByteTimeoutSeconds' | 'idleTimeoutSeconds'
>;

/** Shorter than servers keep an idle connection. */
export const KEEP_ALIVE_MS = 30_000;

const ACCEPTABLE = /^[\w*/+.,;=" -]{1,200}$/;
const ANY = 'application/json, text/event-stream';

/** The same for most requests of a key: made once for each kind of answer. */
const made = new WeakMap<ApiKey, Map<string | undefined, string[]>>();
const KINDS_KEPT = 16;

/** All that travels: nothing of the caller's headers but what kind of answer it takes. Not to be changed. */
export function headersFor(key: ApiKey, accept: string | undefined): string[] {
  let kinds = made.get(key);
  if (!kinds) {
    kinds = new Map();
    made.set(key, kinds);
  }
  let headers = kinds.get(accept);
  if (!headers) {
    headers = makeHeaders(key, accept);
    if (kinds.size < KINDS_KEPT) kinds.set(accept, headers);
  }
  return headers;
}

function makeHeaders(key: ApiKey, accept: string | undefined): string[] {
  return [
    'authorization',
    `Bearer ${key.reveal()}`,
    'content-type',
    'application/json',
    'accept',
    accept !== undefined && ACCEPTABLE.test(accept) ? accept : ANY,
    'accept-encoding',
    'identity', // usage is read from the answer as it passes
  ];
}

/** What an API's address has before the paths of its endpoints. */
export function pathPrefix(apiUrl: URL): string {
  return apiUrl.pathname.replace(/\/+$/, '');
}
