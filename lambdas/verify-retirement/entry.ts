import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createMistral } from '../adapters/mistral.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { VerifyRetirementEnvSchema } from './env.js';
import { createVerifyRetirementHandler } from './handler.js';

const env = VerifyRetirementEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const { inspector, prober } = createMistral(policy, secretsManager);

export const handler = createVerifyRetirementHandler({
  policy,
  secrets: createSecretVersions(secretsManager),
  inspector,
  prober,
  log: new Logger(),
  now: () => new Date(),
});
