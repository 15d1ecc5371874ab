import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AdminKey, createAdminKey } from '../governance/mistral/admin-key.aws.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { createMistralAdmin, type MistralAdmin } from '../governance/mistral/mistral-admin.js';
import { createMistralHttp } from '../governance/mistral/mistral-http.js';
import type { Policy } from '../governance/policy/policy.js';
import { awsClientOptions } from './aws.js';
import type { CommonOptions } from './cli.js';
import type { KnownKeys } from './known-keys.js';

/** Mistral's Admin API with the key that Secrets Manager holds. Calls nothing yet. */
export function openMistralAdmin(
  { mistral }: Policy,
  options: CommonOptions,
  keys: KnownKeys,
): MistralAdmin {
  const client = new SecretsManagerClient(awsClientOptions(options));
  const adminKey = remembered(createAdminKey(client, mistral.adminKeySecret), keys);
  return createMistralAdmin(createMistralHttp(mistral.adminUrl), adminKey);
}

function remembered(adminKey: AdminKey, keys: KnownKeys): AdminKey {
  const learned = (key: ApiKey) => {
    keys.learn(key);
    return key;
  };
  return {
    secretName: adminKey.secretName,
    read: async () => learned(await adminKey.read()),
    refresh: async (refused) => learned(await adminKey.refresh(refused)),
  };
}
