import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createKeyInspector } from '../../governance/keys/key-inspector.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import type { FunctionRuntime } from '../../governance/policy/function-runtime.js';
import { createConfirmRevocationHandler } from './handler.js';

export function wireConfirmRevocation({ policy, aws, ...runtime }: FunctionRuntime) {
  const secretsManager = new SecretsManagerClient(aws);
  const mistral = createMistral(policy, secretsManager, runtime.mistral);
  return createConfirmRevocationHandler({
    secrets: createSecretVersions(secretsManager),
    inspector: createKeyInspector(mistral),
    prober: mistral.prober,
  });
}
