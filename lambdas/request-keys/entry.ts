import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createFindingStore } from '../../governance/audit/finding-store.aws.js';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretRegister } from '../../governance/keys/secret-register.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { RequestKeysEnvSchema } from './env.js';
import { createRequestKeysHandler } from './handler.js';

const env = RequestKeysEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const dynamo = new DynamoDBClient(AWS_CLIENT);
const { runbookUrl } = policy.alerts;

export const handler = createRequestKeysHandler({
  policy,
  secrets: createSecretVersions(new SecretsManagerClient(AWS_CLIENT)),
  findingStore: createFindingStore(dynamo, env.RECORDS_TABLE_NAME),
  register: createSecretRegister(dynamo, env.RECORDS_TABLE_NAME),
  retirements: createRetirements(new SFNClient(AWS_CLIENT), env.RETIREMENT_STATE_MACHINE_ARN),
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), env.ALERTS_TOPIC_ARN, runbookUrl),
  log: new Logger(),
  now: () => new Date(),
});
