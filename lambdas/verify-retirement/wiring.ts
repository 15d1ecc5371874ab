import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createKeyInspector } from '../../governance/keys/key-inspector.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createVerifyRetirementHandler } from './handler.js';

export function wireVerifyRetirement({ policy, aws, log, now, ...runtime }: LoggingRuntime) {
  const secretsManager = new SecretsManagerClient(aws);
  const mistral = createMistral(policy, secretsManager, runtime.mistral);
  return createVerifyRetirementHandler({
    policy,
    secrets: createSecretVersions(secretsManager),
    inspector: createKeyInspector(mistral),
    prober: mistral.prober,
    log,
    now,
  });
}
