import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createProber } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
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
