import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { plannedKeys } from '../lambdas/domain/planned-keys.js';
import type { Policy } from '../lambdas/domain/policy.js';
import { acknowledgeWholeKinds } from './acknowledge.js';
import { AdminKey } from './admin-key.js';
import { AlertTopic } from './alert-topic.js';
import { EncryptionKey } from './encryption-key.js';
import { EvidenceBucket } from './evidence-bucket.js';
import { Gateway } from './gateway.js';
import { KeyProvisioning } from './key-provisioning.js';
import { KeyRotation } from './key-rotation.js';
import { ManagedKeys } from './managed-keys.js';
import { NightlyAudit } from './nightly-audit.js';
import { Operations } from './operations.js';
import { PolicyBundle } from './policy-bundle.js';
import { QuotaTable } from './quota-table.js';
import { RecordsTable } from './records-table.js';
import { RetirementFlow } from './retirement-flow.js';
import { accountsOf } from './secret-access.js';
import { SpendMonitor } from './spend-monitor.js';

export interface MistralGovernanceProps {
  readonly policy: Policy;

  /**
   * Whether a deletion of the stack takes everything with it: secrets, records, encryption key.
   *
   * @default false: they are kept
   */
  readonly ephemeral?: boolean;
}

/**
 * Everything: keys, their rotation and retirement, the nightly audit, spend, and the alerts. Secrets
 * and alarms have fixed names, so there is one in an account's region.
 */
export class MistralGovernance extends Construct {
  readonly alertsTopic: ITopic;
  readonly auditFunction: IFunction;
  readonly rotationFunction: IFunction;
  readonly retirementStateMachine: IStateMachine;
  readonly spendMonitorFunction: IFunction;
  readonly quotaTable: QuotaTable;
  readonly evidenceBucket: EvidenceBucket;

  /** `https://…/`; `undefined` unless the policy enables the gateway. */
  readonly gatewayUrl: string | undefined;

  constructor(scope: Construct, id: string, props: MistralGovernanceProps) {
    super(scope, id);

    acknowledgeWholeKinds(this);
    const { ephemeral = false } = props;
    const { alerts, audit, mistral } = props.policy;
    const { runbookUrl, subscriptions } = alerts;
    const removalPolicy = ephemeral ? RemovalPolicy.DESTROY : undefined; // each part's own default

    const policy = new PolicyBundle(props.policy);
    const adminKey = new AdminKey(this, 'AdminKey', mistral.adminKeySecret);
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey', { removalPolicy });
    const readers = plannedKeys(props.policy).flatMap(({ key }) => key.readers);
    encryptionKey.encryptLogs(this);
    encryptionKey.grantReadersOfSecrets(accountsOf(readers), Stack.of(this).region);
    const alertTopic = new AlertTopic(this, 'Alerts', { encryptionKey, subscriptions, runbookUrl });
    const recordsTable = new RecordsTable(this, 'Records', { encryptionKey, ephemeral });
    const quotaTable = new QuotaTable(this, 'Quotas', { encryptionKey, ephemeral });
    const evidenceBucket = new EvidenceBucket(this, 'Evidence', {
      encryptionKey,
      retention: Duration.days(audit.evidenceRetentionDays),
      ephemeral,
    });
    const parts = { policy, adminKey, encryptionKey, alertTopic, recordsTable, runbookUrl };

    const retirementFlow = new RetirementFlow(this, 'Retirement', parts);
    const rotation = new KeyRotation(this, 'Rotation', { ...parts, retirementFlow });
    const nightlyAudit = new NightlyAudit(this, 'Audit', {
      ...parts,
      ...audit,
      retirementFlow,
      evidenceBucket,
    });
    const spendMonitor = new SpendMonitor(this, 'SpendMonitor', { ...parts, quotaTable });
    const provisioning = new KeyProvisioning(this, 'Provisioning', {
      ...parts,
      retirementFlow,
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

    const gateways = gateway ? [gateway.function] : [];
    new Operations(this, 'Operations', {
      system: this,
      policy: props.policy,
      alertTopic,
      watchedElsewhere: {
        failing: [rotation.function, nightlyAudit.function, spendMonitor.function, ...gateways],
        throttled: gateways,
      },
      deployFunction: provisioning.function,
      retirements: retirementFlow.stateMachine,
    });

    this.alertsTopic = alertTopic.topic;
    this.auditFunction = nightlyAudit.function;
    this.rotationFunction = rotation.function;
    this.retirementStateMachine = retirementFlow.stateMachine;
    this.spendMonitorFunction = spendMonitor.function;
    this.quotaTable = quotaTable;
    this.evidenceBucket = evidenceBucket;
    this.gatewayUrl = gateway?.url;
  }
}
