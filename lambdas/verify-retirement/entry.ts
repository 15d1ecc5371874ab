import { Logger } from '@aws-lambda-powertools/logger';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createKeyInspector } from '../../governance/keys/key-inspector.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { VerifyRetirementEnvSchema } from './env.js';
import { createVerifyRetirementHandler } from './handler.js';

const env = VerifyRetirementEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const mistral = createMistral(policy, secretsManager);

export const handler = createVerifyRetirementHandler({
  policy,
  secrets: createSecretVersions(secretsManager),
  inspector: createKeyInspector(mistral),
  prober: mistral.prober,
  log: new Logger(),
  now: () => new Date(),
});
