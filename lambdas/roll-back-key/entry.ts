import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createMistral } from '../adapters/mistral.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { RollBackKeyEnvSchema } from './env.js';
import { createRollBackKeyHandler } from './handler.js';

const env = RollBackKeyEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const { keySource } = createMistral(readPolicyFile(env.LAMBDA_TASK_ROOT), secretsManager);

export const handler = createRollBackKeyHandler({
  secrets: createSecretVersions(secretsManager),
  keySource,
  log: new Logger(),
});
