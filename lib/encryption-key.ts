import { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

export interface EncryptionKeyProps {
  /**
   * Whether the key outlives its stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The one KMS key of the system, rotated every year: for secrets, topic and table. */
export class EncryptionKey extends Key {
  constructor(scope: Construct, id: string, props: EncryptionKeyProps = {}) {
    super(scope, id, {
      description: 'Mistral keys, alerts and records of mistral-governance',
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }

  /** Lets principals of these accounts decrypt secrets that they may read; each secret's policy says which. */
  grantReadersOfSecrets(accounts: readonly string[], region: string): void {
    if (accounts.length === 0) return;
    this.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'ReadersThroughSecretsManager',
        principals: [new iam.AnyPrincipal()],
        actions: ['kms:Decrypt', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          StringEquals: {
            'kms:CallerAccount': accounts,
            'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
          },
        },
      }),
    );
  }

  /** Lets alarms publish to topics that this key encrypts. */
  grantAlarms(account: string): void {
    this.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsToTopics',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }
}
