import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { unquoted } from '../platform/json.js';
import { GATEWAY_KEY_NAME, plannedKeyOf, secretName } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { type ManagedKey, managedKeyIn, type VersionValue } from './managed-key.js';
import type { VersionStage } from './rotation.js';
import { UnidentifiedKeyError } from './unidentified-key.js';

/** What readers need of a key. */
export type HeldKey = Pick<ManagedKey, 'apiKey' | 'workspace'>;

/** Reads the key of the version that has this label; `undefined` where none has it. */
export type ReadManagedKey = (stage: VersionStage) => Promise<HeldKey | undefined>;

/** @param policy which says how the secret holds its key. @default as this product's JSON */
export function createKeyReader(
  client: SecretsManagerClient,
  secretId: string,
  policy?: Policy,
): ReadManagedKey {
  return async (VersionStage) => {
    try {
      const stored = await unquoted(
        client.send(new GetSecretValueCommand({ SecretId: secretId, VersionStage })),
      );
      return heldKeyIn(stored, policy, secretId);
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
}

/** Readers need not know which of Mistral's list it is. */
function heldKeyIn(
  stored: VersionValue,
  policy: Policy | undefined,
  secretId: string,
): HeldKey | undefined {
  try {
    return managedKeyIn(stored, policy, secretId);
  } catch (error) {
    const planned = policy && plannedKeyOf(policy, stored.Name ?? '');
    if (!(error instanceof UnidentifiedKeyError) || !planned) throw error;
    return { apiKey: error.apiKey, workspace: planned.workspace.name };
  }
}

/** Reads the gateway's own key of any workspace. */
export function createGatewayKeyReader(client: SecretsManagerClient) {
  return (workspace: string) => createKeyReader(client, secretName(workspace, GATEWAY_KEY_NAME));
}
