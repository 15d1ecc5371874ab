import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../adapters/alert-topic.js';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createMetricLines } from '../adapters/metric-lines.js';
import { createAdminApi } from '../adapters/mistral.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createQuotaCounters } from '../adapters/quota-counters.js';
import { createQuotaTotals } from '../adapters/quota-totals.js';
import { createSpendMemory } from '../adapters/spend-memory.js';
import { createSpendMetrics } from '../adapters/spend-metrics.js';
import { METRICS_NAMESPACE } from '../domain/metrics.js';
import { SpendMonitorEnvSchema } from './env.js';
import { createSpendMonitorHandler } from './handler.js';

const env = SpendMonitorEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const dynamo = new DynamoDBClient(AWS_CLIENT);
const { runbookUrl } = policy.alerts;

export const handler = createSpendMonitorHandler({
  policy,
  organization: createAdminApi(policy, new SecretsManagerClient(AWS_CLIENT))?.organization,
  quotaTotals: createQuotaTotals(createQuotaCounters(dynamo, env.QUOTA_TABLE_NAME)),
  memory: createSpendMemory(dynamo, env.RECORDS_TABLE_NAME),
  metrics: createSpendMetrics(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), env.ALERTS_TOPIC_ARN, runbookUrl),
  log: new Logger(),
  quotaTableName: env.QUOTA_TABLE_NAME,
  functionName: env.AWS_LAMBDA_FUNCTION_NAME,
  now: () => new Date(),
});
