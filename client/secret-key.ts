import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { KeyReader } from '../governance/keys/key-cache.js';
import { createKeyReader, type HeldKey } from '../governance/keys/key-reader.aws.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { SecretValueError } from '../governance/platform/errors.js';
import type { Policy } from '../governance/policy/policy.js';
import { GovernanceConfigurationError, GovernanceUnavailableError } from './errors.js';

/** Reads a managed secret, as the rotation writes it. Keys of other workspaces are refused. */
export function createSecretReader(
  client: SecretsManagerClient,
  secretId: string,
  workspace: string,
  policy?: Policy,
): KeyReader {
  const read = createKeyReader(client, secretId, policy);

  function checked({ apiKey, workspace: holder }: HeldKey): ApiKey {
    if (holder === workspace) return apiKey;
    // One workspace would pay for its requests, and another would count them.
    throw new GovernanceConfigurationError(
      `secret ${secretId} holds a key of workspace "${holder}", not of "${workspace}"`,
    );
  }

  return {
    async current() {
      const key = await read('AWSCURRENT').catch((error: unknown) => {
        throw unreadable(error);
      });
      if (key) return checked(key);
      throw unavailable('the secret does not hold a key yet');
    },

    async previous() {
      const key = await read('AWSPREVIOUS');
      return key && checked(key);
    },
  };
}

function unavailable(message: string, retryAfterSeconds?: number): GovernanceUnavailableError {
  return new GovernanceUnavailableError(message, 'key_unavailable', retryAfterSeconds);
}

/** Names only the type of the error: its message may contain what must not be logged. */
function unreadable(error: unknown): GovernanceUnavailableError {
  if (error instanceof SecretValueError) {
    return unavailable('the secret holds a value that is not a usable key');
  }
  const reason = error instanceof Error ? error.name : 'unknown';
  return unavailable(`the key cannot be read from Secrets Manager right now: ${reason}`, 1);
}
