import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../adapters/alert-topic.js';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createGatewayMetrics } from '../adapters/gateway-metrics.js';
import { createGatewayKeyReader } from '../adapters/key-reader.js';
import { createMetricLines } from '../adapters/metric-lines.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createQuotaCounters } from '../adapters/quota-counters.js';
import { METRICS_NAMESPACE } from '../domain/metrics.js';
import { createWorkspaceKeys } from '../metering/workspace-keys.js';
import { GatewayEnvSchema } from './env.js';
import { createHttpsUpstream } from './https-upstream.js';
import { createStreamingHandler } from './stream-response.js';
import { openGateway } from './wiring.js';

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

export const handler = createStreamingHandler(gateway);
