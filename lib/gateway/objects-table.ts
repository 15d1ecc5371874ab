import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { JOB_PARTITION, OBJECT_INDEXES } from '../../governance/policy/object-indexes.js';
import { GovernanceTable, type GovernanceTableProps } from '../platform/governance-table.js';

/**
 * Whose the files, conversations and batch jobs at Mistral are: one item for each, which expires with it.
 * Without an item an object belongs to no caller, so the table outlives a gateway that is switched off.
 */
export class ObjectsTable extends GovernanceTable {
  constructor(scope: Construct, id: string, props: GovernanceTableProps) {
    super(scope, id, props);
    for (const name of Object.values(OBJECT_INDEXES)) {
      this.table.addLocalSecondaryIndex({
        indexName: name,
        sortKey: { name, type: dynamodb.AttributeType.STRING },
      });
    }
  }

  /** Lets the gateway record what callers create, and read whose it is. */
  grantOwn(grantee: IGrantable): void {
    const { tableArn } = this.table;
    const indexes = Object.values(OBJECT_INDEXES).map((name) => `${tableArn}/index/${name}`);
    const actions = ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'];
    Grant.addToPrincipal({ grantee, actions, resourceArns: [tableArn] });
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns: indexes });
    this.encryptionKey.grantEncryptDecrypt(grantee);
  }

  /** Lets the spend monitor settle batch jobs: their records, and who owns a job that is found late. */
  grantSettle(grantee: IGrantable): void {
    const jobs = [`${JOB_PARTITION}*`];
    this.grantKeys(grantee, ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Query'], jobs);
    this.grantKeys(grantee, ['dynamodb:PutItem'], ['batch#*']);
    this.encryptionKey.grantEncryptDecrypt(grantee);
  }

  /** Lets the audit ask which objects have an owner. */
  grantAsk(grantee: IGrantable): void {
    const resourceArns = [this.table.tableArn];
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:BatchGetItem'], resourceArns });
    this.encryptionKey.grantDecrypt(grantee);
  }
}
