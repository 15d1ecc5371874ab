import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { InvocationType, Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import type { ProvisionKeysEnv } from '../../lambdas/provision-keys/wiring.js';
import type { RequestKeysEnv } from '../../lambdas/request-keys/wiring.js';
import type { AlertTopic } from '../operations/alert-topic.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { PolicyBundle } from '../platform/policy-bundle.js';
import type { RecordsTable } from '../platform/records-table.js';
import type { RetirementFlow } from './retirement-flow.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export interface KeyProvisioningProps {
  readonly policy: PolicyBundle;

  /** Who makes first keys: the rotation that is started, or a person who is asked. */
  readonly source: FirstRotations | AskedPerson;
}

interface RetiresRemoved {
  /** Started for the keys that left the policy. */
  readonly retirementFlow: RetirementFlow;
  /** Knows the secrets of the deploys before, and what was asked for already. */
  readonly recordsTable: RecordsTable;
  /** Encrypts the managed secrets. */
  readonly encryptionKey: IKey;
}

interface FirstRotations extends RetiresRemoved {
  readonly kind: 'rotation';
  /** Secrets Manager asks that whoever starts a rotation may invoke this. */
  readonly rotationFunction: IFunction;
}

interface AskedPerson extends RetiresRemoved {
  readonly kind: 'operator';
  readonly alertTopic: AlertTopic;
}

/**
 * At the end of each deploy that changed something, sees to the first key of every secret without one,
 * and has the keys retired that left the policy. Without the Admin API it asks for the first ones.
 */
export class KeyProvisioning extends Construct {
  readonly access: SecretAccess;

  readonly function: GovernanceFunction;

  constructor(scope: Construct, id: string, { policy, source }: KeyProvisioningProps) {
    super(scope, id);

    this.function =
      source.kind === 'rotation' ? this.starter(policy, source) : this.asker(policy, source);
    const { executionRole: role } = this.function;
    const { provision, look } = SECRET_ACTIONS;
    this.access = { role, actions: source.kind === 'rotation' ? provision : look };
    source.recordsTable.grantRegister(this.function);
    source.encryptionKey.grantDecrypt(this.function);
    source.retirementFlow.stateMachine.grantStartExecution(this.function);
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

  private starter(policy: PolicyBundle, source: FirstRotations) {
    const { rotationFunction, retirementFlow, recordsTable } = source;
    const starter = new GovernanceFunction(this, 'Function', {
      folder: 'provision-keys',
      description: 'Starts the first rotation of new Mistral API keys, and retires removed ones',
      policy,
      environment: {
        RECORDS_TABLE_NAME: recordsTable.tableName,
        RETIREMENT_STATE_MACHINE_ARN: retirementFlow.stateMachine.stateMachineArn,
      } satisfies ProvisionKeysEnv,
    });
    rotationFunction.grantInvoke(starter);
    return starter;
  }

  private asker(policy: PolicyBundle, { alertTopic, recordsTable, retirementFlow }: AskedPerson) {
    const asker = new GovernanceFunction(this, 'Function', {
      folder: 'request-keys',
      description: 'Asks for the first keys of new secrets, and retires removed ones',
      policy,
      environment: {
        ALERTS_TOPIC_ARN: alertTopic.topic.topicArn,
        RECORDS_TABLE_NAME: recordsTable.tableName,
        RETIREMENT_STATE_MACHINE_ARN: retirementFlow.stateMachine.stateMachineArn,
      } satisfies RequestKeysEnv,
    });
    alertTopic.grantPublish(asker);
    return asker;
  }
}
