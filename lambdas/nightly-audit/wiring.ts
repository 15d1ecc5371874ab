import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { AlertsEnvSchema, originOf } from '../../governance/alerts/alert-origin.js';
import { createAlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import { connectEventBus } from '../../governance/alerts/event-bus.aws.js';
import { recordAudit } from '../../governance/audit/audit-metrics.js';
import {
  createEvidenceClient,
  createEvidenceStore,
} from '../../governance/audit/evidence-store.aws.js';
import { createFindingStore } from '../../governance/audit/finding-store.aws.js';
import { createFileCatalog } from '../../governance/keys/file-catalog.js';
import { createKeyEvents } from '../../governance/keys/key-events.aws.js';
import { createManagedSecrets } from '../../governance/keys/managed-secrets.aws.js';
import { createModelCatalog } from '../../governance/keys/model-catalog.js';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import {
  createAdminApi,
  createInference,
  createProber,
} from '../../governance/mistral/client.aws.js';
import { createObjectStore } from '../../governance/objects/object-store.aws.js';
import type { MeasuringRuntime } from '../../governance/policy/function-runtime.js';
import { createPublishedPrices } from '../../governance/prices/published-prices.aws.js';
import { createNightlyAuditHandler } from './handler.js';

const NightlyAuditEnvSchema = z.object({
  ...AlertsEnvSchema.shape,
  EVIDENCE_BUCKET_NAME: z.string().min(1),
  /** As every client of the SDK has it: an S3 elsewhere than at AWS. */
  AWS_ENDPOINT_URL: z.url().optional(),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  RECORDS_TABLE_NAME: z.string().min(1),
  /** Has the bill's prices, where they count. */
  QUOTA_TABLE_NAME: z.string().min(1).optional(),
  /** Where there is a gateway. */
  OBJECTS_TABLE_NAME: z.string().min(1).optional(),
  RETIREMENT_STATE_MACHINE_ARN: z.string().min(1),
  /** What reports are about. */
  PRODUCT_VERSION: z.string().min(1),
  POLICY_SHA256: z.string().min(1),
});

/** What the construct sets. */
export type NightlyAuditEnv = Omit<
  z.input<typeof NightlyAuditEnvSchema>,
  'AWS_ENDPOINT_URL' | 'AWS_ENDPOINT_URL_S3'
>;

export function wireNightlyAudit(runtime: MeasuringRuntime) {
  const { policy, aws, log, now } = runtime;
  const env = NightlyAuditEnvSchema.parse(runtime.env);
  const secretsManager = new SecretsManagerClient(aws);
  const adminApi = createAdminApi(policy, secretsManager, runtime.mistral);
  const secrets = createSecretVersions(secretsManager, policy);
  const dynamo = new DynamoDBClient(aws);
  const events = connectEventBus(runtime, env, dynamo);
  const pricesTable = policy.prices.source === 'bill' ? env.QUOTA_TABLE_NAME : undefined;
  return createNightlyAuditHandler({
    policy,
    keySource: adminApi?.keySource,
    organization: adminApi?.organization,
    secrets,
    managedSecrets: createManagedSecrets(secretsManager),
    retirements: createRetirements(new SFNClient(aws), env.RETIREMENT_STATE_MACHINE_ARN),
    listModels: createModelCatalog(secrets, createProber(policy, runtime.mistral)),
    publishedPrices:
      pricesTable === undefined ? undefined : createPublishedPrices(dynamo, pricesTable),
    files:
      env.OBJECTS_TABLE_NAME === undefined
        ? undefined
        : {
            objects: createObjectStore(dynamo, env.OBJECTS_TABLE_NAME),
            listFiles: createFileCatalog(secrets, createInference(policy, runtime.mistral)),
          },
    keyEvents: createKeyEvents(dynamo, env.RECORDS_TABLE_NAME),
    deployment: {
      ...originOf(env, policy.alerts),
      product: env.PRODUCT_VERSION,
      policySha256: env.POLICY_SHA256,
    },
    findingStore: createFindingStore(dynamo, env.RECORDS_TABLE_NAME),
    evidence: createEvidenceStore(
      createEvidenceClient(aws, env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL),
      env.EVIDENCE_BUCKET_NAME,
    ),
    alerts: createAlertPublisher(new SNSClient(aws), env, policy.alerts, events),
    events,
    record: (gauges) => recordAudit(runtime.metrics, gauges),
    log,
    now,
  });
}
