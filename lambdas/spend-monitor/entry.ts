import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createAdminApi } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { createQuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../../governance/quotas/quota-totals.js';
import { createSpendMemory } from '../../governance/spend/spend-memory.aws.js';
import { createSpendMetrics } from '../../governance/spend/spend-metrics.js';
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
