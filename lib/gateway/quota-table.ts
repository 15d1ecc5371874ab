import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Workspace } from '../../governance/policy/policy.js';
import { regionalName } from '../platform/encryption-key.js';
import { GovernanceTable } from '../platform/governance-table.js';

/** The counters of quotas: one item per scope, unit and window, which expires after the window. */
export class QuotaTable extends GovernanceTable {
  /** Lets a holder take leases and settle usage in every workspace: for the gateway only. */
  grantMeter(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  }

  /** Lets a holder do so in one workspace, and for its callers: those of others it can neither lock out nor reset. */
  grantMeterOf(grantee: IGrantable, { id, name }: Pick<Workspace, 'id' | 'name'>): void {
    // Counters were named by the name once, and what they have counted is carried over.
    const counters = [id, name].map((known) => `quota#workspace#${known}`);
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      resourceArns: [this.table.tableArn],
      conditions: {
        'ForAllValues:StringLike': {
          'dynamodb:LeadingKeys': [
            ...counters.flatMap((one) => [one, `${one}#*`]),
            `quota#caller#${id}#*`,
          ],
        },
      },
    });
    // Callers were counted without their workspace once: read, and carried over.
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem'],
      resourceArns: [this.table.tableArn],
      conditions: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['quota#caller#arn:*'] },
      },
    });
    Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      resourceArns: [this.encryptionKey.keyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': regionalName('dynamodb', this) },
      },
    });
  }

  /** Lets a grantee read what was used. */
  grantRead(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:GetItem');
  }
}
