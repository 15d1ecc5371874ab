import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { GovernanceTable } from './governance-table.js';

/** Remembers managed secrets, open findings, sent alerts, and for two years the history of every key. */
export class RecordsTable extends GovernanceTable {
  /** Lets a function add to the history of keys. */
  grantJournal(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:PutItem');
  }

  /** Lets a function store the register of managed secrets, and open findings. */
  grantRegister(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Query');
  }

  /** Lets a function store findings. */
  grantFindings(grantee: IGrantable): void {
    this.grantItems(
      grantee,
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
    );
  }

  /** Lets a function remember which alerts about spend were sent, and deliver events that were kept. */
  grantSpendMemory(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Query');
  }
}
