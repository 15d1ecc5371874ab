import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretRegister } from '../../governance/keys/secret-register.aws.js';
import { createSecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { ProvisionKeysEnvSchema } from './env.js';
import { createProvisionKeysHandler } from './handler.js';

const env = ProvisionKeysEnvSchema.parse(process.env);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);

export const handler = createProvisionKeysHandler({
  policy: readPolicyFile(env.LAMBDA_TASK_ROOT),
  secrets: createSecretVersions(secretsManager),
  rotations: createSecretRotations(secretsManager),
  register: createSecretRegister(new DynamoDBClient(AWS_CLIENT), env.RECORDS_TABLE_NAME),
  retirements: createRetirements(new SFNClient(AWS_CLIENT), env.RETIREMENT_STATE_MACHINE_ARN),
  log: new Logger(),
  now: () => new Date(),
  sleep: setTimeout,
});
