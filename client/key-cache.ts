import type { ApiKey } from '../lambdas/domain/api-key.js';
import type { VersionStage } from '../lambdas/domain/rotation.js';
import { GovernanceConfigurationError, GovernanceUnavailableError } from './errors.js';

/** Reads the key that a label of the secret stands on; `undefined` where the label is on none. */
export type ReadKey = (stage: VersionStage) => Promise<ApiKey | undefined>;

/** The key of one secret, as long as it can be relied on. */
export interface KeyCache {
  /**
   * Answers at once while the key is in memory and not too old.
   *
   * @throws GovernanceUnavailableError where there is no key, or none that is young enough
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

export function createKeyCache(read: ReadKey, options: KeyCacheOptions): KeyCache {
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
      const found = await read('AWSCURRENT');
      if (!found)
        throw new GovernanceUnavailableError('the secret holds no key yet', 'key_unavailable', 1);
      take(found, refreshMs);
      return found;
    } catch (error) {
      failedAt = nowMs();
      throw error;
    } finally {
      reading = undefined;
    }
  }

  function take(found: ApiKey, forMs: number): void {
    // The same object for the same key, so that callers may compare.
    if (!key || !isSame(key, found)) key = found;
    readAt = nowMs();
    refreshAt = readAt + forMs;
    failedAt = Number.NEGATIVE_INFINITY;
  }

  // One read for all who ask meanwhile.
  function refresh(): Promise<ApiKey> {
    reading ??= readCurrent();
    return reading;
  }

  function previousKey(): Promise<ApiKey | undefined> {
    readingPrevious ??= read('AWSPREVIOUS')
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
      throw unavailable(error);
    }
  }

  return {
    current() {
      const at = nowMs();
      if (key && at < refreshAt) return key;
      const isUsable = key && at - readAt < maxStaleSeconds * 1000;
      if (key && isUsable && (isPausing(failedAt) || at < refreshAt + refreshMs)) {
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
      if (previous && !isRefused(previous)) {
        take(previous, PREVIOUS_MS);
        return previous;
      }
      refusedAt = nowMs();
      return undefined;
    },
  };
}

function isSame(one: ApiKey, other: ApiKey): boolean {
  return one.reveal() === other.reveal();
}

/** Names the kind of the failure only: a message may say more than a log should hold. */
function unavailable(error: unknown): Error {
  if (error instanceof GovernanceUnavailableError) return error;
  if (error instanceof GovernanceConfigurationError) return error;
  const reason = error instanceof Error ? error.name : 'unknown';
  return new GovernanceUnavailableError(
    `the key cannot be read from Secrets Manager right now: ${reason}`,
    'key_unavailable',
    1,
  );
}
