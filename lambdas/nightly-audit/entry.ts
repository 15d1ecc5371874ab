import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { createAuditMetrics } from '../../governance/audit/audit-metrics.js';
import {
  createEvidenceClient,
  createEvidenceStore,
} from '../../governance/audit/evidence-store.aws.js';
import { createFindingStore } from '../../governance/audit/finding-store.aws.js';
import { createManagedSecrets } from '../../governance/keys/managed-secrets.aws.js';
import { createModelCatalog } from '../../governance/keys/model-catalog.js';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createAdminApi, createProber } from '../../governance/mistral/client.aws.js';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { readPolicyFile } from '../../governance/policy/policy-file.js';
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
  evidence: createEvidenceStore(
    createEvidenceClient(AWS_CLIENT, env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL),
    env.EVIDENCE_BUCKET_NAME,
  ),
  alerts: createAlertTopic(
    new SNSClient(AWS_CLIENT),
    env.ALERTS_TOPIC_ARN,
    policy.alerts.runbookUrl,
  ),
  metrics: createAuditMetrics(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  log: new Logger(),
  now: () => new Date(),
});
