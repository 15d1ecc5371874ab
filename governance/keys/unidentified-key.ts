import type { ApiKey } from '../mistral/api-key.js';
import { SecretValueError } from '../platform/errors.js';

/** A version holds a key, and nothing says which of Mistral's list it is: it was not stored by this product. */
export class UnidentifiedKeyError extends SecretValueError {
  override readonly name = 'SecretValueError';

  constructor(
    secretId: string,
    /** Printed or serialized, it shows nothing of the key. */
    readonly apiKey: ApiKey,
  ) {
    super(`secret ${secretId} holds a key that is not identified at Mistral yet`);
  }
}
