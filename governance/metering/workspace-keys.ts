import { createKeyCache, type KeyCache } from '../keys/key-cache.js';
import type { ReadManagedKey } from '../keys/key-reader.aws.js';
import type { ApiKey } from '../mistral/api-key.js';
import { SecretEmptyError } from '../platform/errors.js';

/** The gateway's own key of each workspace, cached as by `KeyCache`. */
export interface WorkspaceKeys {
  /** Answers immediately while the key is in memory. */
  current(workspace: string): ApiKey | Promise<ApiKey>;
  /** Another key to try after Mistral rejected those; `undefined` where there is none. */
  instead(workspace: string, rejected: readonly ApiKey[]): Promise<ApiKey | undefined>;
}

export function createWorkspaceKeys(
  readerOf: (workspace: string) => ReadManagedKey,
  nowMs: () => number,
): WorkspaceKeys {
  const caches = new Map<string, KeyCache>();

  function cacheOf(workspace: string): KeyCache {
    const known = caches.get(workspace);
    if (known) return known;
    const read = readerOf(workspace);
    const cache = createKeyCache(
      {
        async current() {
          const key = await read('AWSCURRENT');
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

  return {
    current: (workspace) => cacheOf(workspace).current(),
    instead: (workspace, rejected) => cacheOf(workspace).instead(rejected),
  };
}
