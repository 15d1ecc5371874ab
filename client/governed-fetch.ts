import type { KeyCache } from '../governance/keys/key-cache.js';
import { authorizeCall, refusalOf, reserve } from '../governance/metering/admission.js';
import { endpointOf } from '../governance/metering/endpoints.js';
import type { LiveAccess } from '../governance/metering/live-access.js';
import type { Hold, Metering } from '../governance/metering/metering.js';
import { Tally } from '../governance/metering/tally.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import {
  GovernanceConfigurationError,
  GovernanceRefusedError,
  GovernanceUnavailableError,
} from './errors.js';
import { observed } from './observed-answer.js';
import { errorOf } from './refusal.js';
import type { UnderWay } from './under-way.js';

export interface GovernedFetchParts {
  readonly apiUrl: string;
  readonly callerArn: string;
  readonly access: Pick<LiveAccess, 'authorize' | 'models'>;
  readonly metering: Metering;
  readonly keys: KeyCache;
  /** What of Mistral's API is not metered: agents, files, batches and the like. */
  readonly unmetered: 'refuse' | 'allow';
  readonly underWay: UnderWay;
  readonly now: () => Date;
  readonly fetch: typeof fetch;
}

/** One request: authorize, reserve, send with the current key, settle. */
export function createGovernedFetch(parts: GovernedFetchParts) {
  const { callerArn, access, metering, underWay, now } = parts;
  const { origin, pathname } = new URL(parts.apiUrl);
  const prefix = pathname.replace(/\/+$/, '');

  function endpointFor({ method, url }: Request) {
    const target = new URL(url);
    if (target.origin !== origin || !target.pathname.startsWith(`${prefix}/`)) {
      throw new GovernanceRefusedError(
        `${target.origin} is not where the policy has Mistral: allowed is ${parts.apiUrl}`,
        { code: 'endpoint_not_allowed' },
      );
    }
    return endpointOf(method, target.pathname.slice(prefix.length));
  }

  return async function governedFetch(request: Request): Promise<Response> {
    if (underWay.isClosed) {
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
    underWay.begin();
    const outcome = await reserve(metering, call.demand);
    if (outcome.kind !== 'reserved') {
      underWay.end();
      const problem = refusalOf(outcome, call.demand.grant, now());
      throw errorOf(problem, 'quota' in outcome ? outcome : undefined);
    }

    const tally = new Tally(call.demand, counted(outcome, underWay));
    const answer = await sendWithKey(parts, request, call.body).catch((error: unknown) => {
      if (isUnsent(error)) tally.release();
      else tally.unanswered();
      throw error;
    });
    if (answer.ok) return observed(answer, tally);
    if (answer.status === 401 || answer.status === 429) tally.release();
    else tally.refused();
    return answer;
  };
}

/** With other keys too, where Mistral refuses the one at hand: one of them may have been rotated. */
async function sendWithKey(
  { keys, fetch: send }: GovernedFetchParts,
  request: Request,
  body: Buffer,
): Promise<Response> {
  const refused: ApiKey[] = [];
  let key = await keys.current();
  for (;;) {
    const answer = await send(
      new Request(request, {
        headers: headersWith(key, request.headers),
        redirect: 'manual', // another host would be handed the key
        ...(request.body && { body: body as Uint8Array<ArrayBuffer> }),
      }),
    );
    if (answer.status !== 401) return answer;
    refused.push(key);
    const other = await keys.instead(refused);
    if (!other) return answer;
    await answer.body?.cancel();
    key = other;
  }
}

function headersWith(key: ApiKey, given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of ['x-api-key', 'cookie', 'content-length']) headers.delete(name);
  try {
    headers.set('authorization', `Bearer ${key.reveal()}`);
  } catch {
    // The error of Headers quotes the value.
    throw new GovernanceConfigurationError('the key has characters that no header may carry');
  }
  return headers;
}

/** The hold of a request that `close` waits for. */
function counted(hold: Hold, underWay: UnderWay): Hold {
  let isOpen = true;
  const end = () => {
    if (isOpen) underWay.end();
    isOpen = false;
  };
  return {
    kind: 'reserved',
    settle(used) {
      hold.settle(used);
      end();
    },
    release() {
      hold.release();
      end();
    },
  };
}

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether Mistral can have seen nothing of the request. */
function isUnsent(error: unknown): boolean {
  if (error instanceof GovernanceUnavailableError) return true;
  if (error instanceof GovernanceConfigurationError) return true;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && NO_CONNECTION.has(code);
}
