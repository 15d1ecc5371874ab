import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createKeyInspector } from '../../governance/keys/key-inspector.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { ConfirmRevocationEnvSchema } from './env.js';
import { createConfirmRevocationHandler } from './handler.js';

const env = ConfirmRevocationEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const mistral = createMistral(readPolicyFile(env.LAMBDA_TASK_ROOT), secretsManager);

export const handler = createConfirmRevocationHandler({
  secrets: createSecretVersions(secretsManager),
  inspector: createKeyInspector(mistral),
  prober: mistral.prober,
});
