import { type Dispatcher, Pool } from 'undici';
import type { ApiKey } from '../domain/api-key.js';
import type { GatewayPolicy } from '../domain/policy.js';

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key: ApiKey;
  readonly accept: string | undefined;
  readonly body: Buffer | undefined;
}

/** Mistral's inference API over kept connections. */
export interface Upstream {
  dispatch(request: UpstreamRequest, handler: Dispatcher.DispatchHandler): void;
  close(): Promise<void>;
}

export type UpstreamTimeouts = Pick<
  GatewayPolicy,
  'connectTimeoutSeconds' | 'firstByteTimeoutSeconds' | 'idleTimeoutSeconds'
>;

const KEEP_ALIVE_MS = 30_000;
const ACCEPTABLE = /^[\w*/+.,;=" -]{1,200}$/;
const ANY = 'application/json, text/event-stream';

export function createUpstream(
  apiUrl: string,
  timeouts: UpstreamTimeouts,
  now: () => number = Date.now,
): Upstream {
  const { origin, pathname } = new URL(apiUrl);
  const prefix = pathname.replace(/\/+$/, '');
  let pool = createPool(origin, timeouts);
  let lastUsedAt = now();

  // Lambda freezes a process between requests: what connections it still holds are long cut, and
  // the timers that would have closed them never ran.
  function freshPool(): Pool {
    const at = now();
    if (at - lastUsedAt > KEEP_ALIVE_MS) {
      void pool.close();
      pool = createPool(origin, timeouts);
    }
    lastUsedAt = at;
    return pool;
  }

  return {
    dispatch({ method, path, key, accept, body }, handler) {
      const headers = headersFor(key, accept);
      const request = { method, path: prefix + path, headers, body };
      freshPool().dispatch(request, handler);
    },
    close: () => pool.close(),
  };
}

function createPool(origin: string, timeouts: UpstreamTimeouts): Pool {
  return new Pool(origin, {
    connect: { timeout: timeouts.connectTimeoutSeconds * 1000 },
    headersTimeout: timeouts.firstByteTimeoutSeconds * 1000,
    bodyTimeout: timeouts.idleTimeoutSeconds * 1000,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
}

/** All that travels: nothing of the caller's headers but what kind of answer it takes. */
function headersFor(key: ApiKey, accept: string | undefined): string[] {
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
