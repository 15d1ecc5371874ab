import type { ApiKey } from '../mistral/api-key.js';

/** Reads the keys of one secret afresh. */
export interface KeyReader {
  /** What AWSCURRENT names. @throws where there is none, an error for the callers of the cache */
  current(): Promise<ApiKey>;
  /** What AWSPREVIOUS names; `undefined` where there is none. */
  previous(): Promise<ApiKey | undefined>;
}

/** The key of one secret, as long as it can be relied on. */
export interface KeyCache {
  /**
   * Answers at once while the key is in memory and not too old.
   *
   * @throws what the reader threw where there is no key, or none that is young enough
   */
  current(): ApiKey | Promise<ApiKey>;
  /** Another key to try when Mistral refused those; `undefined` where there is none. */
  instead(refused: readonly ApiKey[]): Promise<ApiKey | undefined>;
}

export interface KeyCacheOptions {
  /** From this age on a key is read again, behind requests that still use it. @default 300 */
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

/** After a failed read, and after Mistral refused all there is, nobody reads again for so long. */
const PAUSE_MS = 5000;
/** How long a replaced key serves in place of one that Mistral does not take yet. */
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
  let refusedAt = Number.NEGATIVE_INFINITY;

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
    // The same object for the same key: what is made for a key is kept by it.
    if (!key || !isSame(key, found)) key = found;
    readAt = nowMs();
    refreshAt = readAt + forMs;
    failedAt = Number.NEGATIVE_INFINITY;
    return key;
  }

  // One read for all who ask meanwhile.
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

    async instead(refused) {
      const isRefused = (one: ApiKey) => refused.some((other) => isSame(one, other));
      if (key && !isRefused(key)) return key; // somebody else has read it since
      if (isPausing(refusedAt)) return undefined;
      const current = await refresh().catch(() => undefined);
      if (current && !isRefused(current)) return current;
      const previous = await previousKey();
      if (previous && !isRefused(previous)) return take(previous, PREVIOUS_MS);
      refusedAt = nowMs();
      return undefined;
    },
  };
}

function isSame(one: ApiKey, other: ApiKey): boolean {
  return one.reveal() === other.reveal();
}
