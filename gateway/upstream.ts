import type { Readable } from 'node:stream';
import { cacheNameOf, isCacheName } from '../governance/metering/cache-name.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { isCertificateError } from '../governance/platform/outbound-settings.js';
import type { GatewayPolicy } from '../governance/policy/policy.js';
import type { CallHead } from './reply.js';
import type { UpstreamHeaders } from './response-headers.js';

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly key: ApiKey;
  /** The caller's, of which little is sent on. */
  readonly head: CallHead;
  /** A stream has no retries: it can be read once. */
  readonly body: Buffer | Readable | undefined;
  /** @default JSON's */
  readonly contentType?: string | undefined;
  /** Instead of the policy's, for an answer that its caller need not wait for. */
  readonly firstByteTimeoutMs?: number | undefined;
}

/** So much of an error is read. */
export const MOST_ERROR_BYTES = 16 * 1024;

/** An answer of Mistral's, read to its end, or an error as far as it is read. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly body: Buffer;
}

/** Slows down or ends an answer. */
export interface UpstreamController {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** Receives one answer as it comes: plain calls, since every request makes them. */
export interface UpstreamHandler {
  /** There is a connection: from now on Mistral may see the request. */
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

/** Shorter than the time for which servers keep an idle connection. */
export const KEEP_ALIVE_MS = 30_000;

const ACCEPTABLE = /^[\w*/+.,;=" -]{1,200}$/;
const ANY = 'application/json, text/event-stream';

/** The same for most requests of a key: made once for each `accept`. */
const made = new WeakMap<ApiKey, Map<string | undefined, string[]>>();
const KINDS_KEPT = 16;

function affinityOf({ callerArn, affinity: session }: CallHead): string | undefined {
  if (!callerArn || !session || !isCacheName(session)) return undefined;
  return cacheNameOf(callerArn, session);
}

/** All headers that are sent. Not to be changed in place. */
export function headersFor(key: ApiKey, head: CallHead, contentType?: string): string[] {
  // A boundary is of one form alone.
  const headers = contentType
    ? makeHeaders(key, head.accept, contentType)
    : cachedHeaders(key, head.accept);
  const affinity = affinityOf(head);
  return affinity === undefined ? headers : [...headers, 'x-affinity', affinity];
}

/** Of the caller's own, only `accept`. */
function cachedHeaders(key: ApiKey, accept: string | undefined): string[] {
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

function makeHeaders(
  key: ApiKey,
  accept: string | undefined,
  contentType = 'application/json',
): string[] {
  return [
    'authorization',
    `Bearer ${key.reveal()}`,
    'content-type',
    contentType,
    'accept',
    accept !== undefined && ACCEPTABLE.test(accept) ? accept : ANY,
    'accept-encoding',
    'identity', // usage is read from the answer as it passes
  ];
}

/** The part of an API's address before the paths of its endpoints. */
export function pathPrefix(apiUrl: URL): string {
  return apiUrl.pathname.replace(/\/+$/, '');
}

/** Why there was no answer, or only a part of one. */
export type UpstreamFailure =
  /** In these two cases Mistral has seen nothing of the request. */
  'no connection' | 'connect timeout' | 'timeout' | 'connection broken' | 'internal error';

/** Codes of undici's errors and of those of our own client. */
const FAILURES: Readonly<Record<string, UpstreamFailure>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  CONNECT_TIMEOUT: 'connect timeout',
  ANSWER_TIMEOUT: 'timeout',
};

/** In undici's words; the code alone may also mean that a request was aborted. */
const REFUSED_BY_PROXY = /^Proxy response \(/;

export function failureOf(error: Error): UpstreamFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const known = FAILURES[code ?? ''];
  if (known) return known;
  const syscall = 'syscall' in error ? error.syscall : undefined;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return 'no connection';
  if (isCertificateError(code ?? '') || REFUSED_BY_PROXY.test(error.message))
    return 'no connection';
  if (error instanceof AggregateError) return 'no connection'; // no address of the host answered
  if (error.name === 'HTTPParserError') return 'connection broken'; // of undici, without a code
  return code === undefined ? 'internal error' : 'connection broken';
}
