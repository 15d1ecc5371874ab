import type { KeyCache } from '../governance/keys/key-cache.js';
import { authorizeCall, CAP_HEADER, refusalOf } from '../governance/metering/admission.js';
import type { Authorized } from '../governance/metering/authorized.js';
import { cacheNameOf, isCacheName } from '../governance/metering/cache-name.js';
import { type Endpoint, endpointOf, isMetered } from '../governance/metering/endpoints.js';
import { readForm } from '../governance/metering/forms/whole-form.js';
import type { Hold } from '../governance/metering/hold.js';
import type { LiveAccess } from '../governance/metering/live-access.js';
import type { Metering } from '../governance/metering/metering.js';
import { type Problem, problem, retryAfterOf } from '../governance/metering/problem.js';
import {
  UNAWAITED_LIMITS,
  UnawaitedAnswers,
  type UnawaitedLimits,
} from '../governance/metering/unawaited-answers.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { retryAfterMs } from '../governance/mistral/mistral-answer.js';
import { isCertificateError } from '../governance/platform/outbound-settings.js';
import type { InFlight } from './closing.js';
import { Conversations } from './conversations.js';
import { errorOf, GovernanceRefusedError, GovernanceUnavailableError } from './errors.js';
import { type AnswerReader, observed } from './observed-answer.js';

export interface GovernedFetchParts {
  readonly apiUrl: string;
  readonly callerArn: string;
  readonly access: Pick<LiveAccess, 'authorize' | 'models'>;
  readonly metering: Metering;
  readonly keys: KeyCache;
  /** What to do with the parts of Mistral's API that are not metered: files, batches. */
  readonly unmetered: 'refuse' | 'allow';
  readonly passUnknownFields: boolean;
  readonly inFlight: InFlight;
  /** @default `UNAWAITED_LIMITS` */
  readonly unawaited?: UnawaitedLimits | undefined;
  readonly now: () => Date;
  readonly fetch: typeof fetch;
}

const LOOK_UP_MS = 10_000;

/** One request: authorize, reserve, send with the current key, settle. */
export function createGovernedFetch(parts: GovernedFetchParts) {
  const { callerArn, access, metering, inFlight, now } = parts;
  const unawaited = new UnawaitedAnswers(parts.unawaited ?? UNAWAITED_LIMITS);
  const { origin, pathname } = new URL(parts.apiUrl);
  const prefix = pathname.replace(/\/+$/, '');

  const conversations = new Conversations((id) => {
    const signal = AbortSignal.timeout(LOOK_UP_MS);
    const asking = new Request(`${origin}${prefix}/v1/conversations/${id}`, { signal });
    return sendWithKey(parts, asking, { body: Buffer.alloc(0) }, { signal });
  });

  function endpointFor({ method, url }: Request) {
    const target = new URL(url);
    if (target.origin !== origin || !target.pathname.startsWith(`${prefix}/`)) {
      throw new GovernanceRefusedError(
        `${target.origin} is not the policy's address of Mistral: allowed is ${parts.apiUrl}`,
        { code: 'endpoint_not_allowed' },
      );
    }
    return endpointOf(method, target.pathname.slice(prefix.length));
  }

  return async function governedFetch(request: Request): Promise<Response> {
    if (inFlight.isClosed) {
      throw new GovernanceUnavailableError('this client is closed', 'shutting_down', undefined);
    }
    const endpoint = endpointFor(request);
    const received = Buffer.from(await request.arrayBuffer());
    const unmetered = () =>
      sendWithKey(parts, request, { body: received }, { signal: request.signal });
    // They cost nothing, and what is in the workspace is open to its keys.
    if (endpoint.kind === 'model-list' || endpoint.kind === 'conversations') return unmetered();
    if (endpoint.kind === 'problem' || !isMetered(endpoint)) {
      if (parts.unmetered === 'allow') return unmetered();
      throw errorOf(endpoint.kind === 'problem' ? endpoint : notMetered(endpoint));
    }

    const body = endpoint.form
      ? readForm(received, request.headers.get('content-type') ?? undefined, endpoint.form)
      : received;
    if ('code' in body) throw errorOf(body);
    const isTurn = endpoint.kind === 'conversation-turn';
    const started = isTurn ? await conversations.startedWith(endpoint.id ?? '') : undefined;
    if (started instanceof Response) return started;
    const call = authorizeCall(endpoint, callerArn, body, access, parts, started);
    if (call.kind === 'problem') throw errorOf(call);
    inFlight.begin();
    const hold = await metering.reserve(call.demand);
    if (hold.kind !== 'reserved') {
      inFlight.end();
      const problem = refusalOf(hold, call.demand.grant, now());
      throw errorOf(problem, 'quota' in hold ? hold : undefined);
    }
    // Whether the caller waits or not, only the end of an answer says how much Mistral generated.
    const sending = new AbortController();
    const cut = () => sending.abort();
    const unread = { cut, isStream: call.demand.streamed };
    hold.onEnd = () => {
      inFlight.end();
      unawaited.ended(unread);
    };
    const { signal } = request;
    const readsOn = () => unawaited.admit(unread);
    const attempt = { signal: sending.signal, reader: { signal, readsOn, sending } };
    return abortable(request, settledBy(hold, parts, request, call, attempt), () => {
      // A stream that has not begun stops at Mistral with its connection.
      if (unread.isStream || !readsOn()) cut();
    });
  };
}

/** The service holds the key itself: what lives in its workspace is open to it, and owned by none of its callers. */
function notMetered({ method, route }: Endpoint): Problem {
  const what = `${method} ${route} is not metered by this library: allowed with unmetered: "allow"`;
  return problem('endpoint_not_allowed', what);
}

interface Attempt {
  /** Ends the request. */
  readonly signal: AbortSignal;
  readonly reader?: AnswerReader;
  /** Mistral may have received it. */
  wasSent?: boolean;
}

/** The answer, settled when it ends or is an error. */
async function settledBy(
  hold: Hold,
  parts: GovernedFetchParts,
  request: Request,
  call: Authorized,
  attempt: Attempt,
): Promise<Response> {
  const sent = await sendWithKey(parts, request, call, attempt).catch((error: unknown) => {
    if (!attempt.wasSent || isUnsent(error)) hold.release();
    else if (attempt.signal.aborted) hold.endedEarly();
    else hold.brokeOff();
    throw error;
  });
  const answer = withHeaders(sent, call.cappedTo, parts.now());
  if (answer.ok && attempt.reader) return observed(answer, hold, attempt.reader);
  if (answer.status === 401) hold.release();
  else hold.failed(answer.status);
  return answer;
}

/** Rejects once the caller aborts, while its request may go on. */
function abortable(
  request: Request,
  answering: Promise<Response>,
  leave: () => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      leave();
      reject(request.signal.reason);
      answering.then((answer) => answer.body?.cancel()).catch(() => {}); // settled in any case
    };
    request.signal.addEventListener('abort', abort, { once: true });
    const listenNoMore = () => request.signal.removeEventListener('abort', abort);
    answering.finally(listenNoMore).then(resolve, reject);
  });
}

/** With the headers that the gateway adds and shortens. */
function withHeaders(answer: Response, cappedTo: number | undefined, now: Date): Response {
  const asked = retryAfterMs(answer.headers.get('retry-after'), now);
  if (cappedTo === undefined && asked === undefined) return answer;
  const { status, statusText, body } = answer;
  const headers = new Headers(answer.headers);
  if (cappedTo !== undefined) headers.set(CAP_HEADER, String(cappedTo));
  if (asked !== undefined) headers.set('retry-after', String(retryAfterOf(asked)));
  return new Response(body, { status, statusText, headers });
}

/** Tries other keys after Mistral rejects one, since it may have been rotated. */
async function sendWithKey(
  { keys, callerArn, fetch: send }: GovernedFetchParts,
  request: Request,
  { body, contentType }: Pick<Authorized, 'body' | 'contentType'>,
  attempt: Attempt,
): Promise<Response> {
  const rejected: ApiKey[] = [];
  let key = await keys.current();
  for (;;) {
    const { signal } = attempt;
    const headers = headersWith(key, callerArn, request.headers);
    if (contentType) headers.set('content-type', contentType);
    const keyed = new Request(request, {
      headers,
      signal,
      redirect: 'manual', // another host would receive the key
      ...(request.body && { body: body as Uint8Array<ArrayBuffer> }),
    });
    request.signal.throwIfAborted();
    attempt.wasSent = true;
    const answer = await send(keyed);
    attempt.wasSent = answer.status !== 401;
    if (answer.status !== 401) return answer;
    rejected.push(key);
    const other = await keys.instead(rejected);
    if (!other) return answer;
    await answer.body?.cancel();
    key = other;
  }
}

function headersWith(key: ApiKey, callerArn: string, given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of ['x-api-key', 'cookie', 'content-length']) headers.delete(name);
  const session = headers.get(AFFINITY);
  headers.delete(AFFINITY);
  if (session && isCacheName(session)) headers.set(AFFINITY, cacheNameOf(callerArn, session));
  headers.set('authorization', `Bearer ${key.reveal()}`);
  return headers;
}

/** By which some clients reach the same prompt cache. */
const AFFINITY = 'x-affinity';

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether there was no connection to send the request over. */
function isUnsent(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && (NO_CONNECTION.has(code) || isCertificateError(code));
}
