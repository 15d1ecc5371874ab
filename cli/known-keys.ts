import type { ApiKey } from '../governance/mistral/api-key.js';
import { redactKey } from '../governance/mistral/redact-key.js';

/** The keys that this process has held, so that nothing it prints can contain one. */
export interface KnownKeys {
  learn(key: ApiKey): void;
  redact(text: string): string;
}

export function createKnownKeys(): KnownKeys {
  const keys = new Map<string, ApiKey>();
  return {
    learn: (key) => void keys.set(key.reveal(), key),
    redact: (text) => [...keys.values()].reduce(redactKey, text),
  };
}
