import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { GovernanceTable, type GovernanceTableProps } from './governance-table.js';

/** The counters that hold quotas: an item for each scope, unit and window, gone some time after it. */
export class QuotaTable extends Construct {
  readonly tableName: string;

  private readonly table: GovernanceTable;

  constructor(scope: Construct, id: string, props: GovernanceTableProps) {
    super(scope, id);
    this.table = new GovernanceTable(this, 'Table', props);
    this.tableName = this.table.tableName;
  }

  /** Lets a holder take leases and settle what it used. */
  grantMeter(grantee: IGrantable): void {
    this.table.grantItems(grantee, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  }

  /** Lets somebody see what was used. */
  grantRead(grantee: IGrantable): void {
    this.table.grantItems(grantee, 'dynamodb:GetItem');
  }
}
