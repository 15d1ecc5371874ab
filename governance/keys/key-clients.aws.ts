import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createMistral } from '../mistral/client.aws.js';
import type { FunctionRuntime } from '../policy/function-runtime.js';
import { createKeyInspector } from './key-inspector.js';
import { createSecretVersions } from './secret-versions.aws.js';

/** What functions take that read managed secrets and the Admin API. */
export function createKeyClients({ policy, aws, mistral }: FunctionRuntime) {
  const secretsManager = new SecretsManagerClient(aws);
  const { keySource, organization, prober } = createMistral(policy, secretsManager, mistral);
  const inspector = createKeyInspector({ keySource, organization, prober });
  return {
    policy,
    secrets: createSecretVersions(secretsManager, policy),
    keySource,
    prober,
    inspector,
  };
}
