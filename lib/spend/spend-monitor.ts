import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { SpendMonitorEnv } from '../../lambdas/spend-monitor/wiring.js';
import type { QuotaTable } from '../gateway/quota-table.js';
import { ScheduledJob } from '../operations/scheduled-job.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';

const EVERY = Duration.minutes(15);

export interface SpendMonitorProps extends Omit<SystemParts, 'encryptionKey'> {
  /** Has what the gateway and the client library metered. */
  readonly quotaTable: QuotaTable;
}

/**
 * Compares every workspace's spend with its budgets, and alerts before and when they are exhausted.
 * Without the Admin API, spend is what was metered. The records say which alerts were sent.
 */
export class SpendMonitor extends Construct {
  readonly function: GovernanceFunction;

  constructor(scope: Construct, id: string, props: SpendMonitorProps) {
    super(scope, id);

    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'spend-monitor',
      description: 'Compares the spend of all workspaces with their budgets',
      policy: props.policy,
      environment: {
        ...props.alertTopic.variables,
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
    });
  }
}
