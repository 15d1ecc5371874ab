import type { ApiKey } from '../domain/api-key.js';
import type { KeyProbe } from '../domain/mistral.js';

export interface KeyProber {
  /** Lists models with the key. Mistral may count that as a use of it. */
  probe(apiKey: ApiKey): Promise<KeyProbe>;
}
