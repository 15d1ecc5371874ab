import type { ApiKey } from '../governance/mistral/api-key.js';
import { redactPieces } from '../governance/mistral/redact-key.js';

export type KnownKeys = ReturnType<typeof createKnownKeys>;

/** The keys that this process has read, so that nothing it prints can contain one. */
export function createKnownKeys() {
  const keys = new Map<string, ApiKey>();
  return {
    learn(key: ApiKey): ApiKey {
      keys.set(key.reveal(), key);
      return key;
    },
    redact: (text: string): string => [...keys.values()].reduce(redactPieces, text),
  };
}
