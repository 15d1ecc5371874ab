import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createJournal } from '../../governance/keys/journal.aws.js';
import { createRetirementCounts } from '../../governance/keys/outcome-counts.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { NotifyOnCallEnvSchema } from './env.js';
import { createNotifyOnCallHandler } from './handler.js';

const env = NotifyOnCallEnvSchema.parse(process.env);
const { alerts } = readPolicyFile(env.LAMBDA_TASK_ROOT);

export const handler = createNotifyOnCallHandler({
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), env.ALERTS_TOPIC_ARN, alerts.runbookUrl),
  journal: createJournal(new DynamoDBClient(AWS_CLIENT), env.RECORDS_TABLE_NAME),
  log: new Logger(),
  counts: createRetirementCounts(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  now: () => new Date(),
});
