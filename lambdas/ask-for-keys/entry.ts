import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../adapters/alert-topic.js';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createFindingStore } from '../adapters/finding-store.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createRetirements } from '../adapters/retirements.js';
import { createSecretRegister } from '../adapters/secret-register.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { AskForKeysEnvSchema } from './env.js';
import { createAskForKeysHandler } from './handler.js';

const env = AskForKeysEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const dynamo = new DynamoDBClient(AWS_CLIENT);
const { runbookUrl } = policy.alerts;

export const handler = createAskForKeysHandler({
  policy,
  secrets: createSecretVersions(new SecretsManagerClient(AWS_CLIENT)),
  findingStore: createFindingStore(dynamo, env.RECORDS_TABLE_NAME),
  register: createSecretRegister(dynamo, env.RECORDS_TABLE_NAME),
  retirements: createRetirements(new SFNClient(AWS_CLIENT), env.RETIREMENT_STATE_MACHINE_ARN),
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), env.ALERTS_TOPIC_ARN, runbookUrl),
  log: new Logger(),
  now: () => new Date(),
});
