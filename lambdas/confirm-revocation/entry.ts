import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createMistral } from '../adapters/mistral.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { ConfirmRevocationEnvSchema } from './env.js';
import { createConfirmRevocationHandler } from './handler.js';

const env = ConfirmRevocationEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const { inspector, prober } = createMistral(readPolicyFile(env.LAMBDA_TASK_ROOT), secretsManager);

export const handler = createConfirmRevocationHandler({
  secrets: createSecretVersions(secretsManager),
  inspector,
  prober,
});
