import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createRollBackKeyHandler } from './handler.js';

export function wireRollBackKey({ policy, aws, log, ...runtime }: LoggingRuntime) {
  const secretsManager = new SecretsManagerClient(aws);
  const { keySource } = createMistral(policy, secretsManager, runtime.mistral);
  return createRollBackKeyHandler({
    secrets: createSecretVersions(secretsManager),
    keySource,
    log,
  });
}
