import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createGatewayKeyReader } from '../../governance/keys/key-reader.aws.js';
import { createWorkspaceKeys } from '../../governance/metering/workspace-keys.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import { createQuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import { createGatewayMetrics } from '../gateway-metrics.js';
import { openGateway } from '../wiring.js';
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
