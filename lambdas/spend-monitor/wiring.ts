import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { AlertsEnvSchema } from '../../governance/alerts/alert-origin.js';
import { createAlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import { connectEventBus } from '../../governance/alerts/event-bus.aws.js';
import { createGatewayKeyReader } from '../../governance/keys/key-reader.aws.js';
import { createJobRecords } from '../../governance/metering/batch/job-records.aws.js';
import { createBatchJobs } from '../../governance/mistral/batch-jobs.js';
import { createAdminApi } from '../../governance/mistral/client.aws.js';
import { createMistralHttp } from '../../governance/mistral/mistral-http.js';
import { createObjectStore } from '../../governance/objects/object-store.aws.js';
import type { MeasuringRuntime } from '../../governance/policy/function-runtime.js';
import { createQuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../../governance/quotas/quota-totals.js';
import { createSpendMemory } from '../../governance/spend/spend-memory.aws.js';
import { recordSpend } from '../../governance/spend/spend-metrics.js';
import { createSpendMonitorHandler } from './handler.js';

const SpendMonitorEnvSchema = z.object({
  AWS_LAMBDA_FUNCTION_NAME: z.string().min(1),
  ...AlertsEnvSchema.shape,
  RECORDS_TABLE_NAME: z.string().min(1),
  QUOTA_TABLE_NAME: z.string().min(1),
  /** Has the batch jobs that are to be settled. */
  OBJECTS_TABLE_NAME: z.string().min(1).optional(),
});

/** What the construct sets; Lambda sets the rest. */
export type SpendMonitorEnv = Omit<
  z.input<typeof SpendMonitorEnvSchema>,
  'AWS_LAMBDA_FUNCTION_NAME'
>;

export function wireSpendMonitor(runtime: MeasuringRuntime) {
  const { policy, aws, log, now } = runtime;
  const env = SpendMonitorEnvSchema.parse(runtime.env);
  const dynamo = new DynamoDBClient(aws);
  const events = connectEventBus(runtime, env, dynamo);
  const secretsManager = new SecretsManagerClient(aws);
  const adminApi = createAdminApi(policy, secretsManager, runtime.mistral);
  const readKey = createGatewayKeyReader(secretsManager);
  const counters = createQuotaCounters(dynamo, env.QUOTA_TABLE_NAME);
  const objectsTable = env.OBJECTS_TABLE_NAME;
  const jobs =
    objectsTable === undefined
      ? undefined
      : {
          records: createJobRecords(dynamo, objectsTable),
          objects: createObjectStore(dynamo, objectsTable),
          counters,
        };
  const keyOf = async (workspace: string) => {
    const key = await readKey(workspace)('AWSCURRENT');
    if (!key) throw new Error(`the gateway has no key of workspace ${workspace}`);
    return key.apiKey;
  };
  return createSpendMonitorHandler({
    policy,
    organization: adminApi?.organization,
    quotaTotals: createQuotaTotals(counters),
    memory: createSpendMemory(dynamo, env.RECORDS_TABLE_NAME),
    jobs: jobs && {
      ...jobs,
      keyOf,
      batchJobs: createBatchJobs(createMistralHttp(policy.mistral.apiUrl, runtime.mistral)),
    },
    record: (rows) => recordSpend(runtime.metrics, rows),
    alerts: createAlertPublisher(new SNSClient(aws), env, policy.alerts, events),
    events,
    log,
    quotaTableName: env.QUOTA_TABLE_NAME,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    now,
  });
}
