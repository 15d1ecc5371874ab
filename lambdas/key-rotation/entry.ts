import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../adapters/alert-topic.js';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createJournal } from '../adapters/journal.js';
import { createMetricLines } from '../adapters/metric-lines.js';
import { createAdminApi, createProber } from '../adapters/mistral.js';
import { createRotationCounts } from '../adapters/outcome-counts.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createRetirements } from '../adapters/retirements.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { METRICS_NAMESPACE } from '../domain/metrics.js';
import { KeyRotationEnvSchema } from './env.js';
import { createKeyRotationHandler } from './handler.js';
import { createSupplyHandler } from './supply-handler.js';

const env = KeyRotationEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const adminApi = createAdminApi(policy, secretsManager);

const deps = {
  policy,
  secrets: createSecretVersions(secretsManager),
  retirements: createRetirements(new SFNClient(AWS_CLIENT), env.RETIREMENT_STATE_MACHINE_ARN),
  alerts: createAlertTopic(
    new SNSClient(AWS_CLIENT),
    env.ALERTS_TOPIC_ARN,
    policy.alerts.runbookUrl,
  ),
  journal: createJournal(new DynamoDBClient(AWS_CLIENT), env.RECORDS_TABLE_NAME),
  counts: createRotationCounts(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  log: new Logger(),
  now: () => new Date(),
};

export const handler = adminApi
  ? createKeyRotationHandler({ ...deps, ...adminApi, sleep: setTimeout })
  : createSupplyHandler({ ...deps, prober: createProber(policy) });
