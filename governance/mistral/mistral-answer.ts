import * as z from 'zod';
import {
  type MistralError,
  MistralNotFoundError,
  MistralRateLimitedError,
  MistralRequestError,
  MistralResponseError,
  MistralUnauthorizedError,
  MistralUnavailableError,
} from '../platform/errors.js';
import { parseJson } from '../platform/json.js';
import { DAY_MS } from '../platform/utc-day.js';
import type { ApiKey } from './api-key.js';
import { redactKey } from './redact-key.js';

/** What an error may say about a call. */
export interface AnswerContext {
  /** Method and path: `GET /v1/models`. */
  readonly call: string;
  readonly apiKey: ApiKey;
}

const QUOTED_CHARACTERS = 300;
const NAMED_FIELDS = 5;
const LONGEST_WAIT_MS = 366 * DAY_MS;
const REQUEST_ID = /^[\w-]{1,100}$/;

const ObjectSchema = z.record(z.string(), z.unknown());

/** The body as text; `undefined` as soon as it proves longer than `maxBytes`. */
export async function readBody(response: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
}

/** @throws MistralResponseError naming the fields that are wrong, never their values */
export function parseAnswer<T>(
  schema: z.ZodType<T>,
  text: string,
  response: Response,
  context: AnswerContext,
): T {
  const value = parseJson(text);
  if (value === undefined && text !== '') {
    const what = isMarkup(text) ? 'with HTML instead of JSON' : 'with broken JSON';
    throw badAnswer(what, response, context);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path, message }) => `${fieldName(path)}: ${message}`);
  const named = [...new Set(fields)].slice(0, NAMED_FIELDS).join('; ');
  const fieldsText = redactKey(printable(named), context.apiKey).slice(0, QUOTED_CHARACTERS);
  throw badAnswer(`not as documented: ${fieldsText}`, response, context);
}

export function badAnswer(
  what: string,
  response: Response,
  context: AnswerContext,
): MistralResponseError {
  return new MistralResponseError(`${context.call} answered ${response.status} ${what}`, {
    status: response.status,
    requestId: requestIdOf(response, undefined, context),
  });
}

/** The error that an answer other than a success means, with an excerpt of Mistral's own message. */
export function errorOf(response: Response, text: string, context: AnswerContext): MistralError {
  const { status } = response;
  if (status < 400) return badAnswer('a redirect, which is not followed', response, context);
  // A proxy or a wrong address, not Mistral: its 401 or 404 says nothing about a key.
  if (status < 500 && status !== 429 && isMarkup(text)) {
    return badAnswer('with HTML, so it is not the API: check the URL', response, context);
  }
  const value = parseJson(text);
  const quoted = redactKey(printable(errorMessageOf(value)), context.apiKey).slice(
    0,
    QUOTED_CHARACTERS,
  );
  const message = `${context.call} answered ${status}${quoted ? `: ${quoted}` : ''}`;
  return new (errorClass(status))(message, {
    status,
    requestId: requestIdOf(response, value, context),
  });
}

function errorClass(status: number) {
  if (status === 401 || status === 403) return MistralUnauthorizedError;
  if (status === 404) return MistralNotFoundError;
  if (status === 429) return MistralRateLimitedError;
  return status >= 500 ? MistralUnavailableError : MistralRequestError;
}

function isMarkup(text: string): boolean {
  return text.trimStart().startsWith('<');
}

/** `keys.3.name` and `keys.4.name` are one field, `keys[].name`. */
function fieldName(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? '[]' : String(part)));
  return parts.join('.').replaceAll('.[]', '[]') || 'the whole body';
}

/** Mistral's errors come as text, as objects, as lists of both, and as JSON inside a string. */
export function errorMessageOf(value: unknown, depth = 0): string {
  if (depth > 4) return '';
  if (typeof value === 'string') {
    const inner = /^\s*[{[]/.test(value) ? parseJson(value) : undefined;
    return inner === undefined ? value : errorMessageOf(inner, depth + 1);
  }
  if (Array.isArray(value)) {
    return value
      .map((item) => errorMessageOf(item, depth + 1))
      .filter(Boolean)
      .slice(0, 5)
      .join('; ');
  }
  const { success, data } = ObjectSchema.safeParse(value);
  if (!success) return '';
  const { msg, loc } = data;
  if (typeof msg === 'string') return Array.isArray(loc) ? `${stepsText(loc)}: ${msg}` : msg;
  return errorMessageOf(data.message ?? data.detail ?? data.error, depth + 1);
}

/** An object has no text that could be trusted to exist. */
function stepsText(loc: readonly unknown[]): string {
  return loc.filter((step) => typeof step === 'string' || typeof step === 'number').join('.');
}

/** `Retry-After` comes in seconds or as a date; anything else asks for nothing. */
export function retryAfterMs(header: string | null | undefined, now: Date): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now.getTime() : seconds * 1000;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), LONGEST_WAIT_MS) : undefined;
}

function printable(text: string): string {
  return text
    .slice(0, 4096)
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim();
}

function requestIdOf(
  { headers }: Response,
  body: unknown,
  { apiKey }: AnswerContext,
): string | undefined {
  const id =
    headers.get('mistral-correlation-id') ??
    headers.get('x-kong-request-id') ??
    ObjectSchema.safeParse(body).data?.request_id;
  if (typeof id !== 'string' || !REQUEST_ID.test(id)) return undefined;
  return redactKey(id, apiKey) === id ? id : undefined;
}
