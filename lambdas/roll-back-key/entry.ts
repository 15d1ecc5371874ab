import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
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
