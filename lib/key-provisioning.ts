import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { InvocationType, Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import type { ProvisionKeysEnv } from '../lambdas/provision-keys/env.js';
import { GovernanceFunction } from './governance-function.js';
import type { PolicyBundle } from './policy-bundle.js';
import type { RecordsTable } from './records-table.js';
import type { RetirementFlow } from './retirement-flow.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export interface KeyProvisioningProps {
  readonly policy: PolicyBundle;
  /** Secrets Manager asks that whoever starts a rotation may invoke this. */
  readonly rotationFunction: IFunction;
  /** Started for the keys that left the policy. */
  readonly retirementFlow: RetirementFlow;
  readonly recordsTable: RecordsTable;
  /** Encrypts the managed secrets. */
  readonly encryptionKey: IKey;
}

/**
 * At the end of each deploy that changed something, starts the first rotation of every secret without
 * a key, and the retirement of every key that left the policy.
 */
export class KeyProvisioning extends Construct {
  readonly access: SecretAccess;

  readonly function: GovernanceFunction<ProvisionKeysEnv>;

  constructor(scope: Construct, id: string, props: KeyProvisioningProps) {
    super(scope, id);

    this.function = new GovernanceFunction<ProvisionKeysEnv>(this, 'Function', {
      folder: 'provision-keys',
      description: 'Starts the first rotation of new Mistral API keys, and retires removed ones',
      policy: props.policy,
      environment: {
        RECORDS_TABLE_NAME: props.recordsTable.tableName,
        RETIREMENT_STATE_MACHINE_ARN: props.retirementFlow.stateMachine.stateMachineArn,
      },
    });
    props.recordsTable.grantRegister(this.function);
    props.encryptionKey.grantDecrypt(this.function);
    props.retirementFlow.stateMachine.grantStartExecution(this.function);
    props.rotationFunction.grantInvoke(this.function);
    this.access = { role: this.function.executionRole, actions: SECRET_ACTIONS.provision };
  }

  /** Runs with every deploy that changed the policy or the code, once these are in place. */
  runAfter(...parts: Construct[]): void {
    new Trigger(this, 'Trigger', {
      handler: this.function,
      executeAfter: parts,
      timeout: Duration.minutes(5),
      invocationType: InvocationType.REQUEST_RESPONSE,
    });
  }
}
