import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createSecretRotations } from '../adapters/secret-rotations.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { ProvisionKeysEnvSchema } from './env.js';
import { createProvisionKeysHandler } from './handler.js';

const env = ProvisionKeysEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);

export const handler = createProvisionKeysHandler({
  policy: readPolicyFile(env.LAMBDA_TASK_ROOT),
  secrets: createSecretVersions(secretsManager),
  rotations: createSecretRotations(secretsManager),
  log: new Logger(),
  sleep: setTimeout,
});
