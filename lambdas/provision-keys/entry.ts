import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createRetirements } from '../adapters/retirements.js';
import { createSecretRegister } from '../adapters/secret-register.js';
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
  register: createSecretRegister(new DynamoDBClient(AWS_CLIENT), env.RECORDS_TABLE_NAME),
  retirements: createRetirements(new SFNClient(AWS_CLIENT), env.RETIREMENT_STATE_MACHINE_ARN),
  log: new Logger(),
  now: () => new Date(),
  sleep: setTimeout,
});
