import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { parseManagedKey } from '../lambdas/domain/managed-key.js';
import { GovernanceConfigurationError } from './errors.js';
import type { ReadKey } from './key-cache.js';

/** Reads a managed secret, as the rotation writes it, of one workspace and no other. */
export function createSecretReader(
  client: SecretsManagerClient,
  secretId: string,
  workspace: string,
): ReadKey {
  return async (VersionStage) => {
    const value = await client
      .send(new GetSecretValueCommand({ SecretId: secretId, VersionStage }))
      .catch((error: unknown) => {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      });
    if (value?.SecretString === undefined) return undefined;
    const key = parseManagedKey(value.SecretString, secretId);
    if (key.workspace === workspace) return key.apiKey;
    // Its requests would be paid for by one workspace and counted for another.
    throw new GovernanceConfigurationError(
      `secret ${secretId} holds a key of workspace "${key.workspace}": wanted is one of "${workspace}"`,
    );
  };
}
