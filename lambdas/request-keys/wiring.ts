import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { AlertsEnvSchema } from '../../governance/alerts/alert-origin.js';
import { createAlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import { connectEventBus } from '../../governance/alerts/event-bus.aws.js';
import { createFindingStore } from '../../governance/audit/finding-store.aws.js';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretRegister } from '../../governance/keys/secret-register.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createRequestKeysHandler } from './handler.js';

const RequestKeysEnvSchema = z.object({
  ...AlertsEnvSchema.shape,
  RECORDS_TABLE_NAME: z.string().min(1),
  RETIREMENT_STATE_MACHINE_ARN: z.string().min(1),
});

/** What the construct sets. */
export type RequestKeysEnv = z.input<typeof RequestKeysEnvSchema>;

export function wireRequestKeys(runtime: LoggingRuntime) {
  const { policy, aws, log, now } = runtime;
  const env = RequestKeysEnvSchema.parse(runtime.env);
  const dynamo = new DynamoDBClient(aws);
  const events = connectEventBus(runtime, env, dynamo);
  return createRequestKeysHandler({
    policy,
    secrets: createSecretVersions(new SecretsManagerClient(aws), policy),
    findingStore: createFindingStore(dynamo, env.RECORDS_TABLE_NAME),
    register: createSecretRegister(dynamo, env.RECORDS_TABLE_NAME),
    retirements: createRetirements(new SFNClient(aws), env.RETIREMENT_STATE_MACHINE_ARN),
    alerts: createAlertPublisher(new SNSClient(aws), env, policy.alerts, events),
    events,
    log,
    now,
  });
}
