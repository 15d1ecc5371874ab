import type { ApiKey } from '../governance/mistral/api-key.js';
import { redactKey } from '../governance/mistral/redact-key.js';

/** The keys that this process has read, so that nothing it prints can contain one. */
export interface KnownKeys {
  /** Returns the key. */
  learn(key: ApiKey): ApiKey;
  redact(text: string): string;
}

export function createKnownKeys(): KnownKeys {
  const keys = new Map<string, ApiKey>();
  return {
    learn(key) {
      keys.set(key.reveal(), key);
      return key;
    },
    redact: (text) => [...keys.values()].reduce(redactKey, text),
  };
}
