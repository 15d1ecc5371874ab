import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createMistral } from '../adapters/mistral.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { RevokeKeyEnvSchema } from './env.js';
import { createRevokeKeyHandler } from './handler.js';

const env = RevokeKeyEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const { keySource } = createMistral(policy, secretsManager);

export const handler = createRevokeKeyHandler({
  policy,
  secrets: createSecretVersions(secretsManager),
  keySource,
  log: new Logger(),
});
