import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { AlertTopic } from '../operations/alert-topic.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { PolicyBundle } from '../platform/policy-bundle.js';
import type { RecordsTable } from '../platform/records-table.js';
import type { AdminKey } from './admin-key.js';
import { notifyOnCall } from './notify-on-call.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export interface RetirementFunctionsProps {
  readonly policy: PolicyBundle;
  readonly adminKey: AdminKey;
  readonly alertTopic: AlertTopic;
  readonly recordsTable: RecordsTable;
  /** Encrypts the managed secrets. */
  readonly encryptionKey: IKey;
}

/** The tasks of the retirement flow. */
export class RetirementFunctions extends Construct {
  readonly verify: IFunction;
  readonly revoke: IFunction;
  readonly confirm: IFunction;
  readonly rollBack: IFunction;
  readonly tell: IFunction;

  readonly access: readonly SecretAccess[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RetirementFunctionsProps,
  ) {
    super(scope, id);

    const verify = this.task('Verify', 'verify-retirement', 'Judges what becomes of an old key');
    const revoke = this.task('Revoke', 'revoke-key', 'Deletes an old key at Mistral');
    const confirm = this.task('Confirm', 'confirm-revocation', 'Sees that a deleted key is dead');
    const rollBack = this.task('RollBack', 'roll-back-key', 'Puts an old key back in charge');
    props.encryptionKey.grantDecrypt(verify);
    props.encryptionKey.grantDecrypt(revoke);
    props.encryptionKey.grantDecrypt(confirm);
    this.access = [
      { role: verify.executionRole, actions: SECRET_ACTIONS.look },
      { role: revoke.executionRole, actions: SECRET_ACTIONS.look },
      { role: confirm.executionRole, actions: SECRET_ACTIONS.read },
      { role: rollBack.executionRole, actions: SECRET_ACTIONS.moveLabels },
    ];
    this.verify = verify;
    this.revoke = revoke;
    this.confirm = confirm;
    this.rollBack = rollBack;
    this.tell = notifyOnCall(this, props);
  }

  private task(id: string, folder: string, description: string) {
    const task = new GovernanceFunction(this, id, {
      folder,
      description,
      policy: this.props.policy,
    });
    this.props.adminKey.grantRead(task);
    return task;
  }
}
