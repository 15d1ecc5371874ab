import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../adapters/alert-topic.js';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createJournal } from '../adapters/journal.js';
import { createMetricLines } from '../adapters/metric-lines.js';
import { createRetirementCounts } from '../adapters/outcome-counts.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { METRICS_NAMESPACE } from '../domain/metrics.js';
import { TellOnCallEnvSchema } from './env.js';
import { createTellOnCallHandler } from './handler.js';

const env = TellOnCallEnvSchema.parse(process.env);
const { alerts } = readPolicyFile(env.LAMBDA_TASK_ROOT);

export const handler = createTellOnCallHandler({
  alerts: createAlertTopic(new SNSClient(AWS_CLIENT), env.ALERTS_TOPIC_ARN, alerts.runbookUrl),
  journal: createJournal(new DynamoDBClient(AWS_CLIENT), env.RECORDS_TABLE_NAME),
  log: new Logger(),
  counts: createRetirementCounts(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  now: () => new Date(),
});
