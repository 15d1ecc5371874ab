import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../lambdas/adapters/alert-topic.js';
import { AWS_CLIENT } from '../lambdas/adapters/aws-client.js';
import { createGatewayMetrics } from '../lambdas/adapters/gateway-metrics.js';
import { createGatewayKeyReader } from '../lambdas/adapters/key-reader.js';
import { createMetricLines } from '../lambdas/adapters/metric-lines.js';
import { createQuotaCounters } from '../lambdas/adapters/quota-counters.js';
import { METRICS_NAMESPACE } from '../lambdas/domain/metrics.js';
import { openGateway } from '../lambdas/gateway/wiring.js';
import { createWorkspaceKeys } from '../lambdas/metering/workspace-keys.js';
import { loadPolicy } from '../lib/load-policy.js';
import { serveGateway } from './serve.js';
import { parseServeOptions } from './serve-options.js';
import { createUndiciUpstream } from './undici-upstream.js';

const parsed = parseServeOptions(process.argv.slice(2), process.env);
if (parsed.kind === 'wrong') {
  process.stderr.write(`${parsed.message}\n`);
  process.exit(2);
}

const { options } = parsed;
const policy = loadPolicy(options.policyPath);
const opened = openGateway({
  policy,
  upstream: createUndiciUpstream(policy.mistral.apiUrl, policy.gateway),
  keys: createWorkspaceKeys(createGatewayKeyReader(new SecretsManagerClient(AWS_CLIENT)), Date.now),
  counters: createQuotaCounters(new DynamoDBClient(AWS_CLIENT), options.quotaTableName),
  alerts: createAlertTopic(
    new SNSClient(AWS_CLIENT),
    options.alertsTopicArn,
    policy.alerts.runbookUrl,
  ),
  metrics: createGatewayMetrics(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  log: new Logger({ serviceName: 'gateway' }),
  holderId: randomUUID(),
  flushEverySeconds: 1,
});
await opened.ready;
const running = await serveGateway(options, opened);
process.stdout.write(`the gateway answers at ${running.url}/v1\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await running.stop();
    process.exit(0);
  });
}
