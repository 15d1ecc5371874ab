import type { KeyCache } from '../governance/keys/key-cache.js';
import { authorizeCall, CAP_HEADER, refusalOf } from '../governance/metering/admission.js';
import { endpointOf } from '../governance/metering/endpoints.js';
import type { LiveAccess } from '../governance/metering/live-access.js';
import type { Metering } from '../governance/metering/metering.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { InFlight } from './closing.js';
import {
  errorOf,
  GovernanceConfigurationError,
  GovernanceRefusedError,
  GovernanceUnavailableError,
} from './errors.js';
import { observed } from './observed-answer.js';

export interface GovernedFetchParts {
  readonly apiUrl: string;
  readonly callerArn: string;
  readonly access: Pick<LiveAccess, 'authorize' | 'models'>;
  readonly metering: Metering;
  readonly keys: KeyCache;
  /** What to do with the parts of Mistral's API that are not metered: agents, files, batches. */
  readonly unmetered: 'refuse' | 'allow';
  readonly inFlight: InFlight;
  readonly now: () => Date;
  readonly fetch: typeof fetch;
}

/** One request: authorize, reserve, send with the current key, settle. */
export function createGovernedFetch(parts: GovernedFetchParts) {
  const { callerArn, access, metering, inFlight, now } = parts;
  const { origin, pathname } = new URL(parts.apiUrl);
  const prefix = pathname.replace(/\/+$/, '');

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
    if (endpoint.kind === 'model-list') return sendWithKey(parts, request, received);
    if (endpoint.kind === 'problem') {
      if (parts.unmetered === 'allow') return sendWithKey(parts, request, received);
      throw errorOf(endpoint);
    }

    const call = authorizeCall(endpoint, callerArn, received, access.authorize, access.models);
    if (call.kind === 'problem') throw errorOf(call);
    inFlight.begin();
    const hold = await metering.reserve(call.demand);
    if (hold.kind !== 'reserved') {
      inFlight.end();
      const problem = refusalOf(hold, call.demand.grant, now());
      throw errorOf(problem, 'quota' in hold ? hold : undefined);
    }
    hold.onEnd = () => inFlight.end();

    const sent = await sendWithKey(parts, request, call.body).catch((error: unknown) => {
      if (isUnsent(error)) hold.release();
      else hold.endedEarly();
      throw error;
    });
    const answer = call.cappedTo === undefined ? sent : withCap(sent, call.cappedTo);
    if (answer.ok) return observed(answer, hold);
    if (answer.status === 401 || answer.status === 429) hold.release();
    else hold.failed();
    return answer;
  };
}

/** With the header that the gateway adds. */
function withCap(answer: Response, cappedTo: number): Response {
  const { status, statusText, body } = answer;
  const headers = new Headers(answer.headers);
  headers.set(CAP_HEADER, String(cappedTo));
  return new Response(body, { status, statusText, headers });
}

/** Tries other keys after Mistral rejects one, since it may have been rotated. */
async function sendWithKey(
  { keys, fetch: send }: GovernedFetchParts,
  request: Request,
  body: Buffer,
): Promise<Response> {
  const rejected: ApiKey[] = [];
  let key = await keys.current();
  for (;;) {
    const answer = await send(
      new Request(request, {
        headers: headersWith(key, request.headers),
        redirect: 'manual', // another host would receive the key
        ...(request.body && { body: body as Uint8Array<ArrayBuffer> }),
      }),
    );
    if (answer.status !== 401) return answer;
    rejected.push(key);
    const other = await keys.instead(rejected);
    if (!other) return answer;
    await answer.body?.cancel();
    key = other;
  }
}

function headersWith(key: ApiKey, given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of ['x-api-key', 'cookie', 'content-length']) headers.delete(name);
  headers.set('authorization', `Bearer ${key.reveal()}`);
  return headers;
}

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether Mistral cannot have received the request. */
function isUnsent(error: unknown): boolean {
  if (error instanceof GovernanceUnavailableError) return true;
  if (error instanceof GovernanceConfigurationError) return true;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && NO_CONNECTION.has(code);
}
