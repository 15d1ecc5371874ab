import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createAdminKey } from '../governance/mistral/admin-key.aws.js';
import { createMistralAdmin, type MistralAdmin } from '../governance/mistral/mistral-admin.js';
import { createMistralHttp } from '../governance/mistral/mistral-http.js';
import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { Policy } from '../governance/policy/policy.js';
import type { CommonOptions, OutboundAgents } from './cli.js';
import type { KnownKeys } from './known-keys.js';

/** For any client of the SDK: region and profile of the options, or else of the environment. */
export function awsClientOptions(
  { region, profile }: Pick<CommonOptions, 'region' | 'profile'>,
  agents: OutboundAgents,
) {
  const requestHandler = { ...AWS_CLIENT.requestHandler, ...agents };
  return { ...AWS_CLIENT, requestHandler, ...(region && { region }), ...(profile && { profile }) };
}

/** Mistral's Admin API with the key that Secrets Manager holds. Calls nothing yet. */
export function openMistralAdmin(
  { mistral }: Pick<Policy, 'mistral'>,
  options: CommonOptions,
  keys: KnownKeys,
  agents: OutboundAgents,
): MistralAdmin {
  const client = new SecretsManagerClient(awsClientOptions(options, agents));
  const adminKey = createAdminKey(client, mistral.adminKeySecret);
  return createMistralAdmin(createMistralHttp(mistral.adminUrl), {
    secretName: adminKey.secretName,
    read: async () => keys.learn(await adminKey.read()),
    refresh: async (rejected) => keys.learn(await adminKey.refresh(rejected)),
  });
}
