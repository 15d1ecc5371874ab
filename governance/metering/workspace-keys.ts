import { createKeyCache, type KeyCache } from '../keys/key-cache.js';
import type { ReadManagedKey } from '../keys/key-reader.aws.js';
import type { ApiKey } from '../mistral/api-key.js';
import { SecretValueError } from '../platform/errors.js';

/** The gateway's own key of each workspace, as `KeyCache` keeps it. */
export interface WorkspaceKeys {
  /** Answers at once while the key is in memory. */
  current(workspace: string): ApiKey | Promise<ApiKey>;
  /** Another key to try when Mistral refused those; `undefined` where there is none. */
  instead(workspace: string, refused: readonly ApiKey[]): Promise<ApiKey | undefined>;
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
          throw new SecretValueError(`the gateway has no key in workspace "${workspace}" yet`);
        },
        previous: async () => (await read('AWSPREVIOUS'))?.apiKey,
      },
      // An old key beats none: while it is used, nobody revokes it.
      { maxStaleSeconds: Infinity, nowMs },
    );
    caches.set(workspace, cache);
    return cache;
  }

  return {
    current: (workspace) => cacheOf(workspace).current(),
    instead: (workspace, refused) => cacheOf(workspace).instead(refused),
  };
}
