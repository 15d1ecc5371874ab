import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { SpendMonitorEnv } from '../../lambdas/spend-monitor/wiring.js';
import type { QuotaTable } from '../gateway/quota-table.js';
import type { AdminKeySecret } from '../keys/admin-key-secret.js';
import type { AlertTopic } from '../operations/alert-topic.js';
import { ScheduledJob } from '../operations/scheduled-job.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { PolicyBundle } from '../platform/policy-bundle.js';
import type { RecordsTable } from '../platform/records-table.js';

const EVERY = Duration.minutes(15);

export interface SpendMonitorProps {
  readonly policy: PolicyBundle;
  /** `undefined` without the Admin API: then spend is what was metered. */
  readonly adminKey: AdminKeySecret | undefined;
  readonly alertTopic: AlertTopic;
  /** Remembers which alerts were sent. */
  readonly recordsTable: RecordsTable;
  /** Has what the gateway and the client library metered. */
  readonly quotaTable: QuotaTable;
  readonly runbookUrl: string;
}

/** Compares every workspace's spend with its budgets, and alerts before and when they are exhausted. */
export class SpendMonitor extends Construct {
  readonly function: GovernanceFunction;

  constructor(scope: Construct, id: string, props: SpendMonitorProps) {
    super(scope, id);

    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'spend-monitor',
      description: 'Compares the spend of all workspaces with their budgets',
      policy: props.policy,
      environment: {
        ALERTS_TOPIC_ARN: props.alertTopic.topic.topicArn,
        RECORDS_TABLE_NAME: props.recordsTable.tableName,
        QUOTA_TABLE_NAME: props.quotaTable.tableName,
      } satisfies SpendMonitorEnv,
    });
    props.adminKey?.grantRead(this.function);
    props.alertTopic.grantPublish(this.function);
    props.recordsTable.grantSpendMemory(this.function);
    props.quotaTable.grantRead(this.function);

    new ScheduledJob(this, 'Schedule', {
      function: this.function,
      name: 'spend-monitor',
      schedule: `rate(${EVERY.toHumanString()})`,
      timezone: 'UTC',
      every: EVERY,
      missedRuns: 4,
      alertTopic: props.alertTopic,
      runbookUrl: props.runbookUrl,
    });
  }
}
