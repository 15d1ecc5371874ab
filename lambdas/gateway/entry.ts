import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createGatewayMetrics } from '../../gateway/gateway-metrics.js';
import { createHttpsUpstream } from '../../gateway/https-upstream.js';
import { openGateway } from '../../gateway/wiring.js';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createGatewayKeyReader } from '../../governance/keys/key-reader.aws.js';
import { createWorkspaceKeys } from '../../governance/metering/workspace-keys.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { createQuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import { GatewayEnvSchema } from './env.js';
import { createGatewayHandler } from './handler.js';

const env = GatewayEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const { runbookUrl } = policy.alerts;

const gateway = openGateway({
  policy,
  upstream: createHttpsUpstream(policy.mistral.apiUrl, policy.gateway),
  keys: createWorkspaceKeys(createGatewayKeyReader(new SecretsManagerClient(AWS_CLIENT)), Date.now),
  counters: createQuotaCounters(new DynamoDBClient(AWS_CLIENT), env.QUOTA_TABLE_NAME),
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), env.ALERTS_TOPIC_ARN, runbookUrl),
  metrics: createGatewayMetrics(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  log: new Logger(),
  holderId: randomUUID(),
});

export const handler = createGatewayHandler(gateway);
