import { ArnFormat, Aspects, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge.js';
import { everybodyBut } from './owners.js';

export interface EncryptionKeyProps {
  /**
   * Who alone may change the key by hand.
   *
   * @default all that IAM allows
   */
  readonly administrators?: readonly string[];

  /**
   * Whether the key outlives its stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The one KMS key of the system, rotated every year: for secrets, topic, tables and logs. */
export class EncryptionKey extends Key {
  constructor(scope: Construct, id: string, props: EncryptionKeyProps = {}) {
    super(scope, id, {
      description: 'Mistral keys, alerts and records of mistral-governance',
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const { administrators = [] } = props;
    if (administrators.length > 0) this.denyOthersToChange(administrators);
  }

  /** Who disables or deletes it takes every secret, record and file of evidence with it. */
  private denyOthersToChange(administrators: readonly string[]): void {
    this.state('DenyOthersToChange', {
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: [
        'kms:DisableKey',
        'kms:DisableKeyRotation',
        'kms:PutKeyPolicy',
        'kms:ScheduleKeyDeletion',
      ],
      conditions: everybodyBut(administrators, this),
    });
  }

  /** Lets principals of these accounts decrypt secrets that they may read; each secret's policy says which. */
  grantReadersOfSecrets(accounts: readonly string[]): void {
    if (accounts.length === 0) return;
    this.state('ReadersThroughSecretsManager', {
      principals: [new iam.AnyPrincipal()],
      actions: ['kms:Decrypt', 'kms:DescribeKey'],
      conditions: {
        StringEquals: {
          'kms:CallerAccount': accounts,
          'kms:ViaService': regionalName('secretsmanager', this),
        },
      },
    });
  }

  /** Lets a principal of this account decrypt secrets that it may read. */
  grantReadSecrets(grantee: iam.IGrantable): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt'],
      resourceArns: [this.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': regionalName('secretsmanager', this) } },
    });
  }

  /**
   * Lets a principal use any key of this account through Secrets Manager: secrets that were there before are encrypted with
   * keys of their own, and may be decrypted by those who may read them.
   */
  grantKeysOfSecrets(grantee: iam.IGrantable & IConstruct): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resourceArns: [
        Stack.of(this).formatArn({ service: 'kms', resource: 'key', resourceName: '*' }),
      ],
      conditions: { StringEquals: { 'kms:ViaService': regionalName('secretsmanager', this) } },
    });
    acknowledgeWildcard(
      grantee,
      'arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*',
      'the keys of secrets that were there before have no names here; only through Secrets Manager',
    );
  }

  /** Lets alarms publish to topics that this key encrypts. */
  grantAlarms(account: string): void {
    this.state('AlarmsToTopics', {
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    });
  }

  /** Encrypts every log group in the system. */
  encryptLogs(system: IConstruct): void {
    this.state('LogGroupsOfThisAccount', {
      principals: [new iam.ServicePrincipal(regionalName('logs', this))],
      actions: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey*',
        'kms:ReEncrypt*',
      ],
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': this.logGroups() } },
    });
    Aspects.of(system).add({
      visit: (node) => {
        if (node instanceof CfnLogGroup) node.kmsKeyId ??= this.keyArn;
      },
    });
  }

  private state(sid: string, statement: iam.PolicyStatementProps): void {
    this.addToResourcePolicy(new iam.PolicyStatement({ sid, resources: ['*'], ...statement }));
  }

  /** By a pattern: log groups name the key, so the key cannot name log groups. */
  private logGroups(): string {
    return Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}

/** A service's name in the region, which ends as the partition's names do: `amazonaws.com.cn`. */
export function regionalName(service: string, scope: IConstruct): string {
  const { region, urlSuffix } = Stack.of(scope);
  return `${service}.${region}.${urlSuffix}`;
}
