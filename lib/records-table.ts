import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface RecordsTableProps {
  readonly encryptionKey: IKey;

  /**
   * Whether a deletion of the stack takes the records with it.
   *
   * @default false: the table is kept, and protected against deletion
   */
  readonly ephemeral?: boolean;
}

/** What is remembered: open findings, and for two years the history of every key. */
export class RecordsTable extends Construct {
  readonly tableName: string;

  private readonly table: dynamodb.Table;

  constructor(
    scope: Construct,
    id: string,
    { encryptionKey, ephemeral = false }: RecordsTableProps,
  ) {
    super(scope, id);

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
  }

  /** Lets a function add to the history of keys. */
  grantJournal(grantee: IGrantable): void {
    this.grant(grantee, 'dynamodb:PutItem');
  }

  /** Lets a function keep the findings. */
  grantFindings(grantee: IGrantable): void {
    this.grant(
      grantee,
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
    );
  }

  private grant(grantee: IGrantable, ...actions: string[]): void {
    this.table.grant(grantee, ...actions);
    this.table.encryptionKey?.grantEncryptDecrypt(grantee);
  }
}
