import { Pool } from 'undici';
import {
  headersFor,
  KEEP_ALIVE_MS,
  pathPrefix,
  type Upstream,
  type UpstreamTimeouts,
} from '../upstream.js';

/** For a process that serves many requests at once. */
export function createUndiciUpstream(apiUrl: string, timeouts: UpstreamTimeouts): Upstream {
  const url = new URL(apiUrl);
  const prefix = pathPrefix(url);
  const pool = new Pool(url.origin, {
    connect: { timeout: timeouts.connectTimeoutSeconds * 1000 },
    headersTimeout: timeouts.firstByteTimeoutSeconds * 1000,
    bodyTimeout: timeouts.idleTimeoutSeconds * 1000,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  return {
    dispatch({ method, path, key, head, body, firstByteTimeoutMs }, handler) {
      const headers = headersFor(key, head);
      const headersTimeout = firstByteTimeoutMs ?? null; // null is the pool's own
      pool.dispatch({ method, path: prefix + path, headers, body, headersTimeout }, handler);
    },
    close: () => pool.close(),
  };
}
