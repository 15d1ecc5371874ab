import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { AlertsEnvSchema } from '../../governance/alerts/alert-origin.js';
import { createAlertPublisher } from '../../governance/alerts/alert-publisher.aws.js';
import { connectEventBus } from '../../governance/alerts/event-bus.aws.js';
import { createJournal } from '../../governance/keys/journal.aws.js';
import { createRetirementCounts } from '../../governance/keys/outcome-counts.js';
import { createExecutionStates } from '../../governance/keys/retirements.aws.js';
import type { MeasuringRuntime } from '../../governance/policy/function-runtime.js';
import { createNotifyOnCallHandler } from './handler.js';

const NotifyOnCallEnvSchema = z.object({
  ...AlertsEnvSchema.shape,
  RECORDS_TABLE_NAME: z.string().min(1),
});

/** What the construct sets. */
export type NotifyOnCallEnv = z.input<typeof NotifyOnCallEnvSchema>;

export function wireNotifyOnCall(runtime: MeasuringRuntime) {
  const { policy, aws, log, now } = runtime;
  const env = NotifyOnCallEnvSchema.parse(runtime.env);
  const dynamo = new DynamoDBClient(aws);
  const events = connectEventBus(runtime, env, dynamo);
  return createNotifyOnCallHandler({
    policy,
    alerts: createAlertPublisher(new SNSClient(aws), env, policy.alerts, events),
    journal: createJournal(dynamo, env.RECORDS_TABLE_NAME),
    counts: createRetirementCounts(runtime.metrics),
    executions: createExecutionStates(new SFNClient(aws)),
    log,
    now,
  });
}
