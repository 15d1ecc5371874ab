import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createJournal } from '../../governance/keys/journal.aws.js';
import { createKeyInspector } from '../../governance/keys/key-inspector.js';
import { createRotationCounts } from '../../governance/keys/outcome-counts.js';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createAdminApi, createProber } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
import { KeyRotationEnvSchema } from './env.js';
import { createKeyRotationHandler, createOperatorRotationHandler } from './handler.js';

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
  ? createKeyRotationHandler({
      ...deps,
      ...adminApi,
      inspector: createKeyInspector(adminApi),
      sleep: setTimeout,
    })
  : createOperatorRotationHandler({ ...deps, prober: createProber(policy) });
