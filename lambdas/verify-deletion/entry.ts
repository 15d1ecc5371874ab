import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createProber } from '../adapters/mistral.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { VerifyDeletionEnvSchema } from './env.js';
import { createVerifyDeletionHandler } from './handler.js';

const env = VerifyDeletionEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);

export const handler = createVerifyDeletionHandler({
  policy,
  secrets: createSecretVersions(new SecretsManagerClient(AWS_CLIENT)),
  prober: createProber(policy),
  log: new Logger(),
  now: () => new Date(),
});
