import { Pool } from 'undici';
import type { Outbound } from '../../governance/platform/outbound.js';
import {
  headersFor,
  KEEP_ALIVE_MS,
  pathPrefix,
  type Upstream,
  type UpstreamTimeouts,
} from '../upstream.js';

type Connect = Outbound['connect'];

const directly: Connect = (origin, { timeoutMs: timeout, ...options } = {}) =>
  new Pool(origin, { ...options, connect: { timeout } });

/** For a process that serves many requests at once. */
export function createUndiciUpstream(
  apiUrl: string,
  timeouts: UpstreamTimeouts,
  connect: Connect = directly,
): Upstream {
  const url = new URL(apiUrl);
  const { origin } = url;
  const prefix = pathPrefix(url);
  const pool = connect(origin, {
    timeoutMs: timeouts.connectTimeoutSeconds * 1000,
    headersTimeout: timeouts.firstByteTimeoutSeconds * 1000,
    bodyTimeout: timeouts.idleTimeoutSeconds * 1000,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  return {
    dispatch({ method, path, key, head, body, contentType, firstByteTimeoutMs }, handler) {
      const headers = headersFor(key, head, contentType);
      const headersTimeout = firstByteTimeoutMs ?? null; // null is the pool's own
      // Written out: undici reads an object made by spreading so slowly that it takes a tenth of all time.
      pool.dispatch(
        { origin, method, path: prefix + path, headers, body, headersTimeout },
        handler,
      );
    },
    close: () => pool.close(),
  };
}
