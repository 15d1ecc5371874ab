import { setTimeout as wait } from 'node:timers/promises';
import type * as z from 'zod';
import { backoffMs } from '../platform/backoff.js';
import { MistralError, MistralUnavailableError } from '../platform/errors.js';
import { trustHint } from '../platform/outbound-settings.js';
import type { ApiKey } from './api-key.js';
import {
  type AnswerContext,
  badAnswer,
  errorOf,
  parseAnswer,
  readBody,
  retryAfterMs,
} from './mistral-answer.js';

export interface MistralRequest<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, with ids already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

export interface MistralCredentials {
  readonly bearer: ApiKey;
  /** Mistral's pages and its specification disagree on the Admin API's header: it gets both. */
  readonly xApiKey?: ApiKey;
}

export interface MistralHttp {
  /**
   * Repeats what can be repeated without harm: GET and DELETE after 429, 5xx, a timeout or a broken
   * connection; POST only after 429, which took no effect.
   *
   * @throws MistralError
   */
  send<T>(request: MistralRequest<T>, credentials: MistralCredentials): Promise<T>;
  /**
   * A long answer as it comes, in one attempt: what was read of one that breaks off is of no use.
   *
   * @throws MistralError
   */
  stream(
    path: string,
    credentials: MistralCredentials,
    withinMs: number,
    see: (chunk: Buffer) => void,
  ): Promise<void>;
}

export interface MistralHttpOptions {
  /** For one attempt, until the last byte of its body. */
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  readonly random?: () => number;
  readonly now?: () => Date;
  readonly fetch?: typeof fetch;
}

const ATTEMPTS = 4;
const MAX_RETRY_AFTER_MS = 30_000;
const MIB = 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** Which failures are worth another attempt: by any method, by one that is safe to repeat, once, or none. */
type Repeat = 'always' | 'when safe' | 'once' | 'never';

type Attempt<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | {
      readonly kind: 'failure';
      readonly error: MistralError;
      readonly repeat: Repeat;
      readonly retryAfter?: string | null;
    };

export function createMistralHttp(
  baseUrl: string,
  {
    timeoutMs = 10_000,
    maxBodyBytes = 64 * MIB,
    sleep = (milliseconds) => wait(milliseconds),
    random = Math.random,
    now = () => new Date(),
    fetch: doFetch = fetch,
  }: MistralHttpOptions = {},
): MistralHttp {
  async function attempt<T>(
    request: MistralRequest<T>,
    url: URL,
    headers: Headers,
    context: AnswerContext,
  ): Promise<Attempt<T>> {
    const signal = AbortSignal.timeout(timeoutMs);
    let response: Response | undefined;
    try {
      response = await doFetch(url, {
        method: request.method,
        headers,
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        redirect: 'manual', // another host would receive the key
        signal,
      });
      if (!response.ok) {
        return failureOf(response, await errorText(response), context);
      }
      const text = await readBody(response, maxBodyBytes);
      if (text === undefined) {
        const tooLong = `with more than ${maxBodyBytes / MIB} MiB`;
        return failure(badAnswer(tooLong, response, context), 'never');
      }
      return readAnswer(request, text, response, context);
    } catch (error) {
      const what = signal.aborted
        ? `gave no complete answer within ${timeoutMs / 1000} s`
        : `failed: connection broken${codeOf(error)}`;
      return failure(brokenOff(context.call, what, response?.status), 'when safe');
    }
  }

  return {
    async send(request, credentials) {
      const url = urlOf(baseUrl, request);
      const context = { call: `${request.method} ${url.pathname}`, apiKey: credentials.bearer };
      const headers = headersOf(request, credentials);
      let malformed = 0;
      for (let attempts = 1; ; attempts += 1) {
        const outcome = await attempt(request, url, headers, context);
        if (outcome.kind === 'answer') return outcome.value;
        if (outcome.repeat === 'once') malformed += 1;
        const again = mayRepeat(request.method, outcome.repeat, malformed);
        if (!again || attempts === ATTEMPTS) throw outcome.error;
        const own = backoffMs(attempts, random);
        const asked = retryAfterMs(outcome.retryAfter, now()) ?? 0;
        await sleep(Math.max(own, Math.min(asked, MAX_RETRY_AFTER_MS)));
      }
    },

    async stream(path, credentials, withinMs, see) {
      const url = urlOf(baseUrl, { path });
      const context = { call: `GET ${url.pathname}`, apiKey: credentials.bearer };
      const signal = AbortSignal.timeout(withinMs);
      let response: Response;
      try {
        const headers = headersOf({}, credentials);
        response = await doFetch(url, { headers, redirect: 'manual', signal });
        if (response.ok) {
          for await (const chunk of response.body ?? []) see(Buffer.from(chunk));
          return;
        }
      } catch (error) {
        const late = `gave no complete answer within ${withinMs / 1000} s`;
        const broken = `failed: connection broken${codeOf(error)}`;
        throw brokenOff(context.call, signal.aborted ? late : broken);
      }
      throw errorOf(response, await errorText(response), context);
    },
  };
}

function brokenOff(call: string, what: string, status?: number): MistralUnavailableError {
  // Without the cause, which may hold the request and its answer.
  return new MistralUnavailableError(`${call} ${what}`, { status });
}

function readAnswer<T>(
  request: MistralRequest<T>,
  text: string,
  response: Response,
  context: AnswerContext,
): Attempt<T> {
  try {
    return { kind: 'answer', value: parseAnswer(request.answer, text, response, context) };
  } catch (error) {
    if (error instanceof MistralError) return failure(error, 'once');
    throw error;
  }
}

function failureOf(response: Response, text: string, context: AnswerContext): Attempt<never> {
  const { status, headers } = response;
  const repeat = status === 429 ? 'always' : status >= 500 ? 'when safe' : 'never';
  const retryAfter = headers.get('retry-after');
  return { kind: 'failure', error: errorOf(response, text, context), repeat, retryAfter };
}

function failure(error: MistralError, repeat: Repeat): Attempt<never> {
  return { kind: 'failure', error, repeat };
}

/** The status counts, even where the body is cut off or endless. */
async function errorText(response: Response): Promise<string> {
  try {
    return (await readBody(response, MAX_ERROR_BYTES)) ?? '';
  } catch {
    return '';
  }
}

function mayRepeat(method: string, repeat: Repeat, malformed: number): boolean {
  if (repeat === 'always') return true;
  if (repeat === 'when safe') return method !== 'POST';
  return repeat === 'once' && method === 'GET' && malformed === 1;
}

function urlOf(
  baseUrl: string,
  { path, query = {} }: Pick<MistralRequest<unknown>, 'path' | 'query'>,
): URL {
  const url = new URL(baseUrl.replace(/\/+$/, '') + path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function headersOf(
  { body }: Pick<MistralRequest<unknown>, 'body'>,
  { bearer, xApiKey }: MistralCredentials,
): Headers {
  const headers = new Headers({ accept: 'application/json' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  headers.set('authorization', `Bearer ${bearer.reveal()}`);
  if (xApiKey) headers.set('x-api-key', xApiKey.reveal());
  return headers;
}

function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z_]+$/.test(code) ? ` (${code})${trustHint(code)}` : '';
}
