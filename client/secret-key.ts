import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { KeyReader } from '../governance/keys/key-cache.js';
import { createKeyReader } from '../governance/keys/key-reader.aws.js';
import type { ManagedKey } from '../governance/keys/managed-key.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { GovernanceConfigurationError, GovernanceUnavailableError } from './errors.js';

/** Reads a managed secret, as the rotation writes it. Keys of other workspaces are refused. */
export function createSecretReader(
  client: SecretsManagerClient,
  secretId: string,
  workspace: string,
): KeyReader {
  const read = createKeyReader(client, secretId);

  function checked({ apiKey, workspace: holder }: ManagedKey): ApiKey {
    if (holder === workspace) return apiKey;
    // One workspace would pay for its requests, and another would count them.
    throw new GovernanceConfigurationError(
      `secret ${secretId} holds a key of workspace "${holder}", not of "${workspace}"`,
    );
  }

  return {
    async current() {
      const key = await read('AWSCURRENT').catch((error: unknown) => {
        throw unavailable(error);
      });
      if (key) return checked(key);
      throw new GovernanceUnavailableError(
        'the secret does not hold a key yet',
        'key_unavailable',
        1,
      );
    },

    async previous() {
      const key = await read('AWSPREVIOUS');
      return key && checked(key);
    },
  };
}

/** Names only the type of the error: its message may contain what must not be logged. */
function unavailable(error: unknown): GovernanceUnavailableError {
  const reason = error instanceof Error ? error.name : 'unknown';
  return new GovernanceUnavailableError(
    `the key cannot be read from Secrets Manager right now: ${reason}`,
    'key_unavailable',
    1,
  );
}
