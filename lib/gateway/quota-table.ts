import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Workspace } from '../../governance/policy/policy.js';
import { PRICES_PARTITION } from '../../governance/prices/billed-prices.js';
import { regionalName } from '../platform/encryption-key.js';
import { GovernanceTable, type GovernanceTableProps } from '../platform/governance-table.js';

export interface QuotaTableProps extends GovernanceTableProps {
  /** Whether the audit publishes the bill's prices here, for all that meter. */
  readonly hasPrices: boolean;
}

/**
 * The counters of quotas: one item per scope, unit and window, which expires after the window. Where the
 * policy says so, the organization's own prices, too.
 */
export class QuotaTable extends GovernanceTable {
  private readonly hasPrices: boolean;

  constructor(scope: Construct, id: string, { hasPrices, ...props }: QuotaTableProps) {
    super(scope, id, props);
    this.hasPrices = hasPrices;
  }

  /** Lets a holder take leases and settle usage in every workspace: for the gateway only. */
  grantMeter(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  }

  /** Lets a holder do so in one workspace, and for its callers: those of others it can neither lock out nor reset. */
  grantMeterOf(grantee: IGrantable, { id, name }: Pick<Workspace, 'id' | 'name'>): void {
    // Counters were named by the name once, and what they have counted is carried over.
    const counters = [id, name].map((known) => `quota#workspace#${known}`);
    this.grantKeys(
      grantee,
      ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      [...counters.flatMap((one) => [one, `${one}#*`]), `quota#caller#${id}#*`, `ledger#${id}#*`],
    );
    // Callers were counted without their workspace once: read, and carried over.
    const read = ['quota#caller#arn:*', ...(this.hasPrices ? [PRICES_PARTITION] : [])];
    this.grantKeys(grantee, ['dynamodb:GetItem'], read);
    Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      resourceArns: [this.encryptionKey.keyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': regionalName('dynamodb', this) },
      },
    });
  }

  /** Lets the audit publish the bill's prices, and change no counter. */
  grantPublishPrices(grantee: IGrantable): void {
    if (!this.hasPrices) return;
    this.grantKeys(grantee, ['dynamodb:GetItem', 'dynamodb:PutItem'], [PRICES_PARTITION]);
    this.encryptionKey.grantEncryptDecrypt(grantee);
  }

  /** Lets a grantee read what was used. */
  grantRead(grantee: IGrantable): void {
    this.grantItems(grantee, 'dynamodb:GetItem');
  }
}
