import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { accountsOf } from '../governance/policy/deploy-checks.js';
import { checkPolicy } from '../governance/policy/load-policy.js';
import { plannedKeys, secretName } from '../governance/policy/planned-keys.js';
import type { PolicyInput, Workspace } from '../governance/policy/policy.js';
import { EvidenceBucket } from './audit/evidence-bucket.js';
import { NightlyAudit } from './audit/nightly-audit.js';
import { Gateway } from './gateway/gateway.js';
import { type AddedCaller, GatewayCallers } from './gateway/gateway-callers.js';
import { ObjectsTable } from './gateway/objects-table.js';
import { QuotaTable } from './gateway/quota-table.js';
import { isOfAnotherStack, roleOf } from './gateway/role-names.js';
import { AdminKeySecret } from './keys/admin-key-secret.js';
import { KeyProvisioning } from './keys/key-provisioning.js';
import { KeyRotation } from './keys/key-rotation.js';
import { ManagedKeys } from './keys/managed-keys.js';
import { RetirementFlow } from './keys/retirement-flow.js';
import { AlertTopic } from './operations/alert-topic.js';
import { Operations } from './operations/operations.js';
import { acknowledgeWholeKinds } from './platform/acknowledge.js';
import { EncryptionKey } from './platform/encryption-key.js';
import { keepHelperLogs } from './platform/helper-logs.js';
import { PolicyBundle } from './platform/policy-bundle.js';
import { showPolicyWarnings } from './platform/policy-warnings.js';
import { RecordsTable } from './platform/records-table.js';
import { rejectSecond } from './platform/reject-second.js';
import type { SystemParts } from './platform/system-parts.js';
import { limitTemplates } from './platform/template-limits.js';
import { SpendMonitor } from './spend/spend-monitor.js';

export interface MistralGovernanceProps {
  /** From `loadPolicy`, or written in code; a wrong one throws naming all of its problems. */
  readonly policy: PolicyInput;

  /**
   * Whether deleting the stack also deletes its secrets, records and encryption key.
   *
   * @default false: they are kept
   */
  readonly ephemeral?: boolean;

  /** What alerts call this one of several environments. @default the name of its stage, if it is in one */
  readonly environment?: string;
}

/**
 * The whole system: keys with their rotation and retirement, the nightly audit, spend, gateway and
 * alerts. Secrets and alarms have fixed names, so there is one per account and region.
 */
export class MistralGovernance extends Construct {
  readonly alertsTopic: ITopic;
  readonly auditFunction: IFunction;
  readonly rotationFunction: IFunction;
  readonly retirementStateMachine: IStateMachine;
  readonly spendMonitorFunction: IFunction;
  readonly quotaTable: QuotaTable;
  readonly objectsTable: ObjectsTable;
  readonly evidenceBucket: EvidenceBucket;

  /** `https://…/`; `undefined` unless the policy enables the gateway. */
  readonly gatewayUrl: string | undefined;

  private readonly callers: GatewayCallers | undefined;
  private readonly encryptionKey: EncryptionKey;
  private readonly keys: ManagedKeys;
  private readonly workspaces: readonly Workspace[];

  constructor(scope: Construct, id: string, props: MistralGovernanceProps) {
    super(scope, id);
    rejectSecond(this, MistralGovernance);

    acknowledgeWholeKinds(this);
    const checked = checkPolicy(props.policy);
    const { ephemeral = false, environment } = props;
    const { administrators, audit, mistral } = checked;
    const removalPolicy = ephemeral ? RemovalPolicy.DESTROY : undefined; // each part's own default
    const owned = { administrators, removalPolicy };

    const policy = new PolicyBundle(checked);
    const adminKey =
      mistral.keySource === 'admin-api'
        ? new AdminKeySecret(this, 'AdminKey', { secretName: mistral.adminKeySecret, ...owned })
        : undefined;
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey', owned);
    // The gateway's own keys also in workspaces to which code adds callers.
    const ofGateway = checked.gateway.enabled ? checked.gateway.readers : [];
    const readers = [...plannedKeys(checked).flatMap(({ key }) => key.readers), ...ofGateway];
    encryptionKey.encryptLogs(this);
    encryptionKey.grantReadersOfSecrets(accountsOf(readers));
    const forAlerts = { encryptionKey, rules: checked, environment };
    const alertTopic = new AlertTopic(this, 'Alerts', forAlerts);
    const recordsTable = new RecordsTable(this, 'Records', { encryptionKey, ephemeral });
    const hasPrices = checked.prices.source === 'bill';
    const quotaTable = new QuotaTable(this, 'Quotas', { encryptionKey, ephemeral, hasPrices });
    const objectsTable = new ObjectsTable(this, 'Objects', { encryptionKey, ephemeral });
    const tables = { quotaTable, objectsTable, rules: checked };
    const evidenceBucket = new EvidenceBucket(this, 'Evidence', {
      encryptionKey,
      retention: Duration.days(audit.evidenceRetentionDays),
      lock: checked.evidence,
      administrators,
      ephemeral,
    });
    const parts: SystemParts = { policy, adminKey, encryptionKey, alertTopic, recordsTable };

    const retirementFlow = new RetirementFlow(this, 'Retirement', parts);
    const rotation = new KeyRotation(this, 'Rotation', { ...parts, retirementFlow });
    const nightlyAudit = new NightlyAudit(this, 'Audit', {
      ...parts,
      ...audit,
      retirementFlow,
      evidenceBucket,
      pricesTable: hasPrices ? quotaTable : undefined,
      objectsTable: adminKey && checked.gateway.enabled ? objectsTable : undefined,
    });
    const spendMonitor = new SpendMonitor(this, 'SpendMonitor', { ...parts, ...tables });
    const provisioning = new KeyProvisioning(this, 'Provisioning', {
      ...parts,
      retirementFlow,
      rotationFunction: adminKey && rotation.function,
    });
    const isOn = checked.gateway.enabled;
    const gateway = isOn ? new Gateway(this, 'Gateway', { ...parts, ...tables }) : undefined;
    const keys = new ManagedKeys(this, 'Keys', {
      parts,
      policy: checked,
      rotationFunction: adminKey && rotation.function,
      rotationPermission: rotation.permission,
      access: [
        rotation.access,
        ...retirementFlow.access,
        nightlyAudit.access,
        provisioning.access,
        ...(gateway ? [gateway.access, ...spendMonitor.access] : []),
      ],
      removalPolicy,
    });
    provisioning.runAfter(keys, rotation, retirementFlow, recordsTable, alertTopic);

    const gateways = gateway ? [gateway.function] : [];
    new Operations(this, 'Operations', {
      system: this,
      policy: checked,
      alertTopic,
      watchedElsewhere: {
        failing: [rotation.function, nightlyAudit.function, spendMonitor.function, ...gateways],
        throttled: gateways,
      },
      retirements: retirementFlow.stateMachine,
    });

    keepHelperLogs(this);
    limitTemplates(this);

    this.callers = gateway && new GatewayCallers(this, { policy: checked, gateway, keys });
    showPolicyWarnings(this, { policy: checked, topic: alertTopic.topic, callers: this.callers });
    this.encryptionKey = encryptionKey;
    this.keys = keys;
    this.workspaces = checked.workspaces;
    this.alertsTopic = alertTopic.topic;
    this.auditFunction = nightlyAudit.function;
    this.rotationFunction = rotation.function;
    this.retirementStateMachine = retirementFlow.stateMachine;
    this.spendMonitorFunction = spendMonitor.function;
    this.quotaTable = quotaTable;
    this.objectsTable = objectsTable;
    this.evidenceBucket = evidenceBucket;
    this.gatewayUrl = gateway?.url;
  }

  /** The name of a key's secret. @throws Error where the policy has no such key */
  secretName(workspace: string, key: string): string {
    const found = this.workspaces.find(({ name }) => name === workspace);
    const name =
      found?.keys.find((one) => one.name === key)?.secret?.name ?? secretName(workspace, key);
    const known = this.keys.secretNames;
    if (known.includes(name)) return name;
    throw new Error(`the policy has no key ${name}: its keys are ${known.join(', ')}`);
  }

  /**
   * Lets a role of this stack read a key, besides the key's `readers` in the policy. Roles of other
   * stacks belong under `readers`: those stacks depend on this one, so it cannot depend on them.
   */
  grantReadKey(grantee: IGrantable, workspace: string, key: string): void {
    const name = this.secretName(workspace, key);
    const role = roleOf(grantee.grantPrincipal);
    if (!role || isOfAnotherStack(role, this)) {
      throw new Error(
        `cannot grant ${grantee.grantPrincipal} read access to ${name}: the role is not defined in stack ${Stack.of(this).stackName}, so add its ARN to the key's readers in the policy`,
      );
    }
    this.keys.grantRead(role, name);
    this.encryptionKey.grantReadSecrets(role);
  }

  /** Lets a service with the client library meter what it uses of a workspace. */
  grantMeter(grantee: IGrantable, workspace: string): void {
    const found = this.workspaces.find(({ name }) => name === workspace);
    if (!found) {
      const known = this.workspaces.map(({ name }) => name).join(', ');
      throw new Error(`the policy has no workspace ${workspace}: its workspaces are ${known}`);
    }
    this.quotaTable.grantMeterOf(grantee, found);
  }

  /**
   * Lets a role call the gateway. The policy's `callers` say what it may request there: synth fails for a role that
   * none of them can match.
   */
  grantCallGateway(grantee: IGrantable): void {
    this.enabledGateway.grant(grantee);
  }

  /**
   * Lets a role call the gateway, and adds it to the policy's `callers`: for roles without a `roleName`. The functions
   * get the entry with the deploy, which knows the role's name.
   */
  addCaller(grantee: IGrantable, caller: AddedCaller): void {
    this.enabledGateway.add(grantee, caller);
  }

  private get enabledGateway(): GatewayCallers {
    if (!this.callers) throw new Error('the policy has no gateway: set gateway.enabled');
    return this.callers;
  }

  /** Adds the stack outputs by which the command line and other tools find the parts. */
  addOutputs(): void {
    const outputs: Record<string, string | undefined> = {
      AlertsTopicArn: this.alertsTopic.topicArn,
      AuditFunctionName: this.auditFunction.functionName,
      RotationFunctionName: this.rotationFunction.functionName,
      RetirementStateMachineArn: this.retirementStateMachine.stateMachineArn,
      SpendMonitorFunctionName: this.spendMonitorFunction.functionName,
      QuotaTableName: this.quotaTable.tableName,
      ObjectsTableName: this.objectsTable.tableName,
      EvidenceBucketName: this.evidenceBucket.bucketName,
      GatewayUrl: this.gatewayUrl,
    };
    for (const [key, value] of Object.entries(outputs)) {
      if (value !== undefined) new CfnOutput(Stack.of(this), key, { value });
    }
  }
}
