import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { GovernanceFunction } from '../platform/governance-function.js';
import { notifyOnCall } from './notify-on-call.js';
import type { RetirementFunctionsProps } from './retirement-functions.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export type DeletionFunctionsProps = Omit<RetirementFunctionsProps, 'adminKey'>;

/** The tasks of the retirement flow without the Admin API: one looks, one tells, none can delete. */
export class DeletionFunctions extends Construct {
  readonly verify: IFunction;
  readonly tell: IFunction;

  readonly access: readonly SecretAccess[];

  constructor(scope: Construct, id: string, props: DeletionFunctionsProps) {
    super(scope, id);

    const verify = new GovernanceFunction(this, 'Verify', {
      folder: 'verify-deletion',
      description: 'Sees whether an old key still works',
      policy: props.policy,
    });
    props.encryptionKey.grantDecrypt(verify);
    this.access = [{ role: verify.executionRole, actions: SECRET_ACTIONS.look }];
    this.verify = verify;
    this.tell = notifyOnCall(this, props);
  }
}
