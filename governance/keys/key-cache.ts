import type { ApiKey } from '../mistral/api-key.js';

/** Reads the keys of one secret afresh. */
export interface KeyReader {
  /** What AWSCURRENT names. @throws where there is none, an error for callers of the cache */
  current(): Promise<ApiKey>;
  /** What AWSPREVIOUS names; `undefined` where there is none. */
  previous(): Promise<ApiKey | undefined>;
}

/** The key of one secret, kept in memory while it is young enough to use. */
export interface KeyCache {
  /**
   * Answers at once while the key is in memory and not too old.
   *
   * @throws what the reader threw where there is no key, or none that is young enough
   */
  current(): ApiKey | Promise<ApiKey>;
  /** Another key to try when Mistral rejected those (401); `undefined` where there is none. */
  instead(rejected: readonly ApiKey[]): Promise<ApiKey | undefined>;
}

export interface KeyCacheOptions {
  /** From this age on a key is read again, in the background of requests that still use it. @default 300 */
  readonly refreshSeconds?: number;
  /**
   * The age up to which a key is used while Secrets Manager cannot be reached. No more than the
   * policy's `rotation.readerCacheSeconds`: after that a replaced key is revoked.
   *
   * @default 3600
   */
  readonly maxStaleSeconds?: number;
  /** Milliseconds since 1970, as `Date.now`. */
  readonly nowMs: () => number;
}

/** The pause after a failed read, and after Mistral rejected all keys that there are. */
const PAUSE_MS = 5000;
/** How long the previous key serves in place of one that Mistral does not accept yet. */
const PREVIOUS_MS = 60_000;

export function createKeyCache(reader: KeyReader, options: KeyCacheOptions): KeyCache {
  const { refreshSeconds = 300, maxStaleSeconds = 3600, nowMs } = options;
  const refreshMs = Math.min(refreshSeconds, maxStaleSeconds) * 1000;
  let key: ApiKey | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let refreshAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<ApiKey> | undefined;
  let readingPrevious: Promise<ApiKey | undefined> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let rejectedAt = Number.NEGATIVE_INFINITY;

  async function readCurrent(): Promise<ApiKey> {
    try {
      return take(await reader.current(), refreshMs);
    } catch (error) {
      failedAt = nowMs();
      throw error;
    } finally {
      reading = undefined;
    }
  }

  function take(found: ApiKey, forMs: number): ApiKey {
    // The same object for the same key: callers cache by it.
    if (!key || !isSame(key, found)) key = found;
    readAt = nowMs();
    refreshAt = readAt + forMs;
    failedAt = Number.NEGATIVE_INFINITY;
    return key;
  }

  // One read for all callers that ask meanwhile.
  function refresh(): Promise<ApiKey> {
    reading ??= readCurrent();
    return reading;
  }

  function previousKey(): Promise<ApiKey | undefined> {
    readingPrevious ??= reader
      .previous()
      .catch(() => undefined)
      .finally(() => {
        readingPrevious = undefined;
      });
    return readingPrevious;
  }

  function isPausing(since: number): boolean {
    return nowMs() - since < PAUSE_MS;
  }

  async function freshOrStale(): Promise<ApiKey> {
    try {
      return await refresh();
    } catch (error) {
      if (key && nowMs() - readAt < maxStaleSeconds * 1000) return key;
      throw error;
    }
  }

  return {
    current() {
      const at = nowMs();
      if (key && at < refreshAt) return key;
      const isUsable = key && at - readAt < maxStaleSeconds * 1000;
      const hasFailed = failedAt > readAt; // one request has waited for it, the others need not
      if (key && isUsable && (hasFailed || at < refreshAt + refreshMs)) {
        if (!isPausing(failedAt)) refresh().catch(() => {}); // the next request tries again
        return key;
      }
      return freshOrStale();
    },

    async instead(rejected) {
      const isRejected = (one: ApiKey) => rejected.some((other) => isSame(one, other));
      if (key && !isRejected(key)) return key; // another caller has read it since
      if (isPausing(rejectedAt)) return undefined;
      const current = await refresh().catch(() => undefined);
      if (current && !isRejected(current)) return current;
      const previous = await previousKey();
      if (previous && !isRejected(previous)) return take(previous, PREVIOUS_MS);
      rejectedAt = nowMs();
      return undefined;
    },
  };
}

function isSame(one: ApiKey, other: ApiKey): boolean {
  return one.reveal() === other.reveal();
}
