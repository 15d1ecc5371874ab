import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { GATEWAY_KEY_NAME } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { SpendMonitorEnv } from '../../lambdas/spend-monitor/wiring.js';
import type { ObjectsTable } from '../gateway/objects-table.js';
import type { QuotaTable } from '../gateway/quota-table.js';
import { SECRET_ACTIONS, type SecretAccess } from '../keys/secret-access.js';
import { ScheduledJob } from '../operations/scheduled-job.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';

const EVERY = Duration.minutes(15);

export interface SpendMonitorProps extends SystemParts {
  /** Has what the gateway and the client library metered. */
  readonly quotaTable: QuotaTable;

  /** Has the batch jobs that are not settled. */
  readonly objectsTable: ObjectsTable;

  /** Whether there is a gateway, whose batch jobs are to be settled. */
  readonly rules: Pick<Policy, 'gateway'>;
}

/**
 * Compares every workspace's spend with its budgets, and alerts before and when they are exhausted.
 * Without the Admin API, spend is what was metered. The records say which alerts were sent. It also settles the
 * gateway's batch jobs, by their results at Mistral.
 */
export class SpendMonitor extends Construct {
  readonly function: GovernanceFunction;

  /** To the gateway's keys, to read batch jobs and their results; none without a gateway. */
  readonly access: readonly SecretAccess[];

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
        OBJECTS_TABLE_NAME: props.objectsTable.tableName,
      } satisfies SpendMonitorEnv,
      timeout: Duration.minutes(10), // results of a large job take some
    });
    props.adminKey?.grantRead(this.function);
    props.alertTopic.grantPublish(this.function);
    props.recordsTable.grantSpendMemory(this.function);
    const settlesJobs = props.rules.gateway.enabled;
    if (settlesJobs) {
      props.quotaTable.grantMeter(this.function);
      props.objectsTable.grantSettle(this.function);
      props.encryptionKey.grantDecrypt(this.function);
    } else props.quotaTable.grantRead(this.function);
    const role = this.function.executionRole;
    this.access = settlesJobs
      ? [{ role, actions: SECRET_ACTIONS.read, keyName: GATEWAY_KEY_NAME }]
      : [];

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
