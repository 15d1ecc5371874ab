import { createKeyCache, type KeyCache } from '../keys/key-cache.js';
import type { ReadManagedKey } from '../keys/key-reader.aws.js';
import type { ApiKey } from '../mistral/api-key.js';
import { SecretEmptyError, SecretValueError } from '../platform/errors.js';

/** The gateway's own key of each workspace, cached as by `KeyCache`. */
export interface WorkspaceKeys {
  /** Answers immediately while the key is in memory. */
  current(workspace: string): ApiKey | Promise<ApiKey>;
  /** Another key to try after Mistral rejected those; `undefined` where there is none. */
  instead(workspace: string, rejected: readonly ApiKey[]): Promise<ApiKey | undefined>;
}

/** @param onUnusable called once when a secret begins to hold a value that is no key, also while an earlier key still serves */
export function createWorkspaceKeys(
  readerOf: (workspace: string) => ReadManagedKey,
  nowMs: () => number,
  onUnusable: (workspace: string) => void,
): WorkspaceKeys {
  const unusable = new Set<string>();
  const caches = new Map<string, KeyCache>();

  function cacheOf(workspace: string): KeyCache {
    const known = caches.get(workspace);
    if (known) return known;
    const read = readerOf(workspace);
    const cache = createKeyCache(
      {
        async current() {
          const key = await read('AWSCURRENT').catch((error: unknown) => {
            notice(workspace, error);
            throw error;
          });
          unusable.delete(workspace);
          if (key) return key.apiKey;
          throw new SecretEmptyError(`the gateway has no key in workspace "${workspace}" yet`);
        },
        previous: async () => (await read('AWSPREVIOUS'))?.apiKey,
      },
      // An outdated key is better than none: a key that is in use is not revoked.
      { maxStaleSeconds: Infinity, nowMs },
    );
    caches.set(workspace, cache);
    return cache;
  }

  function notice(workspace: string, error: unknown): void {
    if (!(error instanceof SecretValueError) || unusable.has(workspace)) return;
    unusable.add(workspace);
    onUnusable(workspace);
  }

  return {
    current: (workspace) => cacheOf(workspace).current(),
    instead: (workspace, rejected) => cacheOf(workspace).instead(rejected),
  };
}
