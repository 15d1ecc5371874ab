import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface GovernanceTableProps {
  readonly encryptionKey: IKey;

  /**
   * Whether deleting the stack also deletes the items.
   *
   * @default false: the table is kept, and protected against deletion
   */
  readonly ephemeral?: boolean;
}

/** A table with this system's defaults: keys `pk` and `sk`, paid by request, recoverable, expiring. */
export abstract class GovernanceTable extends Construct {
  readonly tableName: string;

  protected readonly table: dynamodb.Table;
  protected readonly encryptionKey: IKey;

  constructor(
    scope: Construct,
    id: string,
    { encryptionKey, ephemeral = false }: GovernanceTableProps,
  ) {
    super(scope, id);
    this.encryptionKey = encryptionKey;
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      deletionProtection: !ephemeral,
      removalPolicy: ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    this.tableName = this.table.tableName;
    Validations.of(this.table).acknowledge({
      id: 'NIST.800.53.R5-DynamoDBInBackupPlan',
      reason: 'point-in-time recovery brings back any second of the last 35 days',
    });
  }

  /** Grants actions on the items of some partitions alone; `*` stands for the rest of a key. */
  protected grantKeys(grantee: IGrantable, actions: string[], leadingKeys: string[]): void {
    Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: [this.table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': leadingKeys } },
    });
  }

  /** Grants actions of DynamoDB, and the encryption that they need. */
  protected grantItems(grantee: IGrantable, ...actions: string[]): void {
    this.table.grant(grantee, ...actions);
    this.encryptionKey.grantEncryptDecrypt(grantee);
  }
}
