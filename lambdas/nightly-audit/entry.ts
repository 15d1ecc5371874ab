import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../adapters/alert-topic.js';
import { createAuditMetrics } from '../adapters/audit-metrics.js';
import { AWS_CLIENT } from '../adapters/aws-client.js';
import { createEvidenceStore } from '../adapters/evidence-store.js';
import { createFindingStore } from '../adapters/finding-store.js';
import { createManagedSecrets } from '../adapters/managed-secrets.js';
import { createMetricLines } from '../adapters/metric-lines.js';
import { createAdminApi, createProber } from '../adapters/mistral.js';
import { createModelCatalog } from '../adapters/model-catalog.js';
import { readPolicyFile } from '../adapters/policy-file.js';
import { createRetirements } from '../adapters/retirements.js';
import { createSecretVersions } from '../adapters/secret-versions.js';
import { METRICS_NAMESPACE } from '../domain/metrics.js';
import { NightlyAuditEnvSchema } from './env.js';
import { createNightlyAuditHandler } from './handler.js';

const env = NightlyAuditEnvSchema.parse(process.env);
const policy = readPolicyFile(env.LAMBDA_TASK_ROOT);
const secretsManager = new SecretsManagerClient(AWS_CLIENT);
const adminApi = createAdminApi(policy, secretsManager);
const secrets = createSecretVersions(secretsManager);

export const handler = createNightlyAuditHandler({
  policy,
  keySource: adminApi?.keySource,
  organization: adminApi?.organization,
  secrets,
  managedSecrets: createManagedSecrets(secretsManager),
  retirements: createRetirements(new SFNClient(AWS_CLIENT), env.RETIREMENT_STATE_MACHINE_ARN),
  models: createModelCatalog(secrets, createProber(policy)),
  findingStore: createFindingStore(new DynamoDBClient(AWS_CLIENT), env.RECORDS_TABLE_NAME),
  evidence: createEvidenceStore({
    bucketName: env.EVIDENCE_BUCKET_NAME,
    aws: secretsManager,
    endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
  }),
  alerts: createAlertTopic(
    new SNSClient(AWS_CLIENT),
    env.ALERTS_TOPIC_ARN,
    policy.alerts.runbookUrl,
  ),
  metrics: createAuditMetrics(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  log: new Logger(),
  now: () => new Date(),
});
