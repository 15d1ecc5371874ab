import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { unquoted } from '../platform/json.js';
import { GATEWAY_KEY_NAME, secretName } from '../policy/planned-keys.js';
import { type ManagedKey, parseManagedKey } from './managed-key.js';
import type { VersionStage } from './rotation.js';

/** Reads the key of the version that has this label; `undefined` where none has it. */
export type ReadManagedKey = (stage: VersionStage) => Promise<ManagedKey | undefined>;

export function createKeyReader(client: SecretsManagerClient, secretId: string): ReadManagedKey {
  return async (VersionStage) => {
    try {
      const { SecretString } = await unquoted(
        client.send(new GetSecretValueCommand({ SecretId: secretId, VersionStage })),
      );
      return SecretString === undefined ? undefined : parseManagedKey(SecretString, secretId);
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}

/** Reads the gateway's own key of any workspace. */
export function createGatewayKeyReader(client: SecretsManagerClient) {
  return (workspace: string) => createKeyReader(client, secretName(workspace, GATEWAY_KEY_NAME));
}
