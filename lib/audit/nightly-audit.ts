import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { packageVersion } from '../../governance/platform/package-version.js';
import type { AuditPolicy } from '../../governance/policy/policy.js';
import {
  LONGEST_WATCHED_DAYS,
  longestPauseDays,
  parseSchedule,
} from '../../governance/policy/schedule.js';
import type { NightlyAuditEnv } from '../../lambdas/nightly-audit/wiring.js';
import type { ObjectsTable } from '../gateway/objects-table.js';
import type { QuotaTable } from '../gateway/quota-table.js';
import type { RetirementFlow } from '../keys/retirement-flow.js';
import { SECRET_ACTIONS, type SecretAccess } from '../keys/secret-access.js';
import { ScheduledJob } from '../operations/scheduled-job.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';
import type { EvidenceBucket } from './evidence-bucket.js';

export interface NightlyAuditProps extends SystemParts, Pick<AuditPolicy, 'schedule' | 'timezone'> {
  readonly evidenceBucket: EvidenceBucket;
  /** Where the bill's prices are published; `undefined` where they do not count. */
  readonly pricesTable: QuotaTable | undefined;
  /** Says whose the files at Mistral are; `undefined` where no gateway creates any. */
  readonly objectsTable: ObjectsTable | undefined;
  /** Its running executions say which keys wait for their revocation. */
  readonly retirementFlow: RetirementFlow;
}

/**
 * Audits every key and every secret each night, and alerts on-call to what is wrong with them. Without
 * the Admin API it uses the dates of secrets alone.
 */
export class NightlyAudit extends Construct {
  readonly function: GovernanceFunction;

  readonly access: SecretAccess;

  constructor(scope: Construct, id: string, props: NightlyAuditProps) {
    super(scope, id);

    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'nightly-audit',
      description: 'Nightly audit of all Mistral API keys',
      policy: props.policy,
      environment: {
        ...props.alertTopic.variables,
        EVIDENCE_BUCKET_NAME: props.evidenceBucket.bucketName,
        RECORDS_TABLE_NAME: props.recordsTable.tableName,
        PRODUCT_VERSION: packageVersion(import.meta.dirname),
        POLICY_SHA256: props.policy.fingerprint,
        ...(props.pricesTable && { QUOTA_TABLE_NAME: props.pricesTable.tableName }),
        ...(props.objectsTable && { OBJECTS_TABLE_NAME: props.objectsTable.tableName }),
        RETIREMENT_STATE_MACHINE_ARN: props.retirementFlow.stateMachine.stateMachineArn,
      } satisfies NightlyAuditEnv,
      timeout: Duration.minutes(15),
      memoryMib: 512, // the share of CPU that comes with it is what the audit needs
    });
    props.adminKey?.grantRead(this.function);
    props.alertTopic.grantPublish(this.function);
    props.recordsTable.grantFindings(this.function);
    props.pricesTable?.grantPublishPrices(this.function);
    props.objectsTable?.grantAsk(this.function);
    props.evidenceBucket.grantKeep(this.function.executionRole);
    props.encryptionKey.grantDecrypt(this.function);
    props.retirementFlow.grantListRunning(this.function.executionRole);
    this.access = { role: this.function.executionRole, actions: SECRET_ACTIONS.audit };

    new ScheduledJob(this, 'Schedule', {
      function: this.function,
      name: 'audit',
      schedule: props.schedule,
      timezone: props.timezone,
      alertTopic: props.alertTopic,
      missedRuns: missedDays(props.schedule),
    });
  }
}

/** A day more than pass between two audits, such as over a weekend. */
function missedDays(expression: string): number {
  const schedule = parseSchedule(expression);
  const pause = 'kind' in schedule ? longestPauseDays(schedule) : 1;
  return Math.min(pause + 1, LONGEST_WATCHED_DAYS);
}
