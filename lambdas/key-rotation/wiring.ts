import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { AlertsEnvSchema } from '../../governance/alerts/alert-origin.js';
import { createAlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import { connectEventBus } from '../../governance/alerts/event-bus.aws.js';
import { createJournal } from '../../governance/keys/journal.aws.js';
import { createKeyInspector } from '../../governance/keys/key-inspector.js';
import { createRotationCounts } from '../../governance/keys/outcome-counts.js';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createAdminApi, createProber } from '../../governance/mistral/client.aws.js';
import type { MeasuringRuntime } from '../../governance/policy/function-runtime.js';
import { createKeyRotationHandler, createOperatorRotationHandler } from './handler.js';

const KeyRotationEnvSchema = z.object({
  ...AlertsEnvSchema.shape,
  RECORDS_TABLE_NAME: z.string().min(1),
  RETIREMENT_STATE_MACHINE_ARN: z.string().min(1),
});

/** What the construct sets. */
export type KeyRotationEnv = z.input<typeof KeyRotationEnvSchema>;

export function wireKeyRotation(runtime: MeasuringRuntime) {
  const { policy, aws, log, now, sleep } = runtime;
  const env = KeyRotationEnvSchema.parse(runtime.env);
  const dynamo = new DynamoDBClient(aws);
  const events = connectEventBus(runtime, env, dynamo);
  const secretsManager = new SecretsManagerClient(aws);
  const deps = {
    policy,
    secrets: createSecretVersions(secretsManager, policy),
    retirements: createRetirements(new SFNClient(aws), env.RETIREMENT_STATE_MACHINE_ARN),
    alerts: createAlertPublisher(new SNSClient(aws), env, policy.alerts, events),
    journal: createJournal(dynamo, env.RECORDS_TABLE_NAME),
    counts: createRotationCounts(runtime.metrics),
    log,
    now,
  };
  const adminApi = createAdminApi(policy, secretsManager, runtime.mistral);
  if (!adminApi) {
    return createOperatorRotationHandler({
      ...deps,
      prober: createProber(policy, runtime.mistral),
    });
  }
  const inspector = createKeyInspector(adminApi);
  return createKeyRotationHandler({ ...deps, ...adminApi, inspector, sleep });
}
