import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../lambdas/adapters/alert-topic.js';
import { AWS_CLIENT } from '../lambdas/adapters/aws-client.js';
import { openGateway } from '../lambdas/gateway/wiring.js';
import { loadPolicy } from '../lib/load-policy.js';
import { createHttpShell } from './http-shell.js';
import { lineLog } from './line-log.js';
import { createUndiciUpstream } from './undici-upstream.js';

const USAGE = `usage: npm run gateway -- --port N --policy FILE --quota-table NAME --alerts-topic ARN
  [--host 127.0.0.1] [--caller-header NAME]

  Callers are told apart by a header with their IAM ARN, which a proxy that authenticates them must
  set. On 127.0.0.1 it is x-caller-arn; to listen elsewhere, say its name with --caller-header.`;

const LOOPBACK = '127.0.0.1';
const DRAIN_MS = 30_000;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8787' },
    host: { type: 'string', default: LOOPBACK },
    policy: { type: 'string', default: 'governance.yaml' },
    'quota-table': { type: 'string' },
    'alerts-topic': { type: 'string' },
    'caller-header': { type: 'string' },
  },
});
const { host, 'quota-table': quotaTableName, 'alerts-topic': topicArn } = values;
const callerHeader = values['caller-header'] ?? (host === LOOPBACK ? 'x-caller-arn' : undefined);
if (!quotaTableName || !topicArn || !callerHeader) {
  console.error(USAGE);
  process.exit(2);
}

const policy = loadPolicy(values.policy);
const opened = openGateway({
  policy,
  upstream: createUndiciUpstream(policy.mistral.apiUrl, policy.gateway),
  secretsManager: new SecretsManagerClient(AWS_CLIENT),
  dynamo: new DynamoDBClient(AWS_CLIENT),
  quotaTableName,
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), topicArn, policy.alerts.runbookUrl),
  log: lineLog,
  holderId: randomUUID(),
  flushEverySeconds: 1,
});
await opened.ready;
const shell = createHttpShell(opened.gateway, { callerHeader });
shell.server.listen(Number(values.port), host, () => {
  const address = shell.server.address();
  const port = typeof address === 'object' && address ? address.port : values.port;
  console.log(`the gateway answers at http://${host}:${port}`);
});

/** Requests under way finish, and what was leased goes back. */
async function stop(): Promise<void> {
  await shell.drain(DRAIN_MS);
  await opened.close();
  process.exit(0);
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
