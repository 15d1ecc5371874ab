import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { plannedKeys } from '../lambdas/domain/planned-keys.js';
import type { Policy } from '../lambdas/domain/policy.js';
import { AdminKey } from './admin-key.js';
import { AlertTopic } from './alert-topic.js';
import { EncryptionKey } from './encryption-key.js';
import { Gateway } from './gateway.js';
import { KeyProvisioning } from './key-provisioning.js';
import { KeyRotation } from './key-rotation.js';
import { ManagedKeys } from './managed-keys.js';
import { NightlyAudit } from './nightly-audit.js';
import { PolicyBundle } from './policy-bundle.js';
import { QuotaTable } from './quota-table.js';
import { RecordsTable } from './records-table.js';
import { RetirementFlow } from './retirement-flow.js';
import { accountsOf } from './secret-access.js';
import { SpendMonitor } from './spend-monitor.js';

export interface GovernanceStackProps extends StackProps {
  readonly policy: Policy;

  /**
   * Whether a deletion of the stack takes everything with it: secrets, records, encryption key.
   *
   * @default false: they are kept
   */
  readonly ephemeral?: boolean;
}

/** Everything: keys, their rotation and retirement, the nightly audit, spend, and the alerts. */
export class GovernanceStack extends Stack {
  constructor(scope: Construct, id: string, props: GovernanceStackProps) {
    super(scope, id, props);

    const { ephemeral = false } = props;
    const { alerts, audit, mistral } = props.policy;
    const { runbookUrl, subscriptions } = alerts;
    const removalPolicy = ephemeral ? RemovalPolicy.DESTROY : undefined; // each part's own default

    const policy = new PolicyBundle(this, 'Policy', props.policy);
    const adminKey = new AdminKey(this, 'AdminKey', mistral.adminKeySecret);
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey', { removalPolicy });
    const readers = plannedKeys(props.policy).flatMap(({ key }) => key.readers);
    encryptionKey.grantReadersOfSecrets(accountsOf(readers), this.region);
    const alertTopic = new AlertTopic(this, 'Alerts', { encryptionKey, subscriptions });
    const recordsTable = new RecordsTable(this, 'Records', { encryptionKey, ephemeral });
    const quotaTable = new QuotaTable(this, 'Quotas', { encryptionKey, ephemeral });
    const parts = { policy, adminKey, encryptionKey, alertTopic, recordsTable, runbookUrl };

    const retirementFlow = new RetirementFlow(this, 'Retirement', parts);
    const rotation = new KeyRotation(this, 'Rotation', { ...parts, retirementFlow });
    const nightlyAudit = new NightlyAudit(this, 'Audit', { ...parts, ...audit, retirementFlow });
    const spendMonitor = new SpendMonitor(this, 'SpendMonitor', { ...parts, quotaTable });
    const provisioning = new KeyProvisioning(this, 'Provisioning', {
      policy,
      rotationFunction: rotation.function,
    });
    const gateway = props.policy.gateway.enabled
      ? new Gateway(this, 'Gateway', { ...parts, quotaTable, callers: props.policy.callers })
      : undefined;
    const keys = new ManagedKeys(this, 'Keys', {
      policy: props.policy,
      encryptionKey,
      rotationFunction: rotation.function,
      rotationPermission: rotation.permission,
      access: [
        rotation.access,
        ...retirementFlow.access,
        nightlyAudit.access,
        provisioning.access,
        ...(gateway ? [gateway.access] : []),
      ],
      removalPolicy,
    });
    provisioning.runAfter(keys, rotation, retirementFlow, recordsTable, alertTopic);

    new CfnOutput(this, 'AlertsTopicArn', { value: alertTopic.topic.topicArn });
    new CfnOutput(this, 'AuditFunctionName', { value: nightlyAudit.function.functionName });
    new CfnOutput(this, 'RotationFunctionName', { value: rotation.function.functionName });
    new CfnOutput(this, 'RetirementStateMachineArn', {
      value: retirementFlow.stateMachine.stateMachineArn,
    });
    new CfnOutput(this, 'SpendMonitorFunctionName', { value: spendMonitor.function.functionName });
    new CfnOutput(this, 'QuotaTableName', { value: quotaTable.tableName });
    if (gateway) new CfnOutput(this, 'GatewayUrl', { value: gateway.url });
  }
}
