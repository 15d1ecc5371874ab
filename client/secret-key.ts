import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { KeyReader } from '../governance/keys/key-cache.js';
import { createKeyReader } from '../governance/keys/key-reader.aws.js';
import type { ManagedKey } from '../governance/keys/managed-key.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { GovernanceConfigurationError, GovernanceUnavailableError } from './errors.js';

/** Reads a managed secret, as the rotation writes it, of one workspace and no other. */
export function createSecretReader(
  client: SecretsManagerClient,
  secretId: string,
  workspace: string,
): KeyReader {
  const read = createKeyReader(client, secretId);

  function checked({ apiKey, workspace: holder }: ManagedKey): ApiKey {
    if (holder === workspace) return apiKey;
    // Its requests would be paid for by one workspace and counted for another.
    throw new GovernanceConfigurationError(
      `secret ${secretId} holds a key of workspace "${holder}": wanted is one of "${workspace}"`,
    );
  }

  return {
    async current() {
      const key = await read('AWSCURRENT').catch((error: unknown) => {
        throw unavailable(error);
      });
      if (key) return checked(key);
      throw new GovernanceUnavailableError('the secret holds no key yet', 'key_unavailable', 1);
    },

    async previous() {
      const key = await read('AWSPREVIOUS');
      return key && checked(key);
    },
  };
}

/** Names the kind of the failure only: a message may say more than a log should hold. */
function unavailable(error: unknown): GovernanceUnavailableError {
  const reason = error instanceof Error ? error.name : 'unknown';
  return new GovernanceUnavailableError(
    `the key cannot be read from Secrets Manager right now: ${reason}`,
    'key_unavailable',
    1,
  );
}
