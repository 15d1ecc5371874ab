import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createRevokeKeyHandler } from './handler.js';

export function wireRevokeKey({ policy, aws, log, ...runtime }: LoggingRuntime) {
  const secretsManager = new SecretsManagerClient(aws);
  const { keySource } = createMistral(policy, secretsManager, runtime.mistral);
  const secrets = createSecretVersions(secretsManager);
  return createRevokeKeyHandler({ policy, secrets, keySource, log });
}
