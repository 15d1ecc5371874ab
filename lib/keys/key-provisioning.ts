import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { InvocationType, Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import type { ProvisionKeysEnv } from '../../lambdas/provision-keys/wiring.js';
import type { RequestKeysEnv } from '../../lambdas/request-keys/wiring.js';
import { schedulerRole } from '../operations/scheduled-job.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';
import type { RetirementFlow } from './retirement-flow.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export interface KeyProvisioningProps extends Omit<SystemParts, 'adminKey'> {
  /** Started for the keys that left the policy. */
  readonly retirementFlow: RetirementFlow;
  /**
   * Creates first keys. Secrets Manager requires that the function that starts a rotation may invoke it.
   *
   * @default none: operator mode, in which first keys are requested
   */
  readonly rotationFunction?: IFunction;
}

/** For what the limits of the policy leave waiting. A run that is missed is made up for by the next one. */
function runEachHour(scope: Construct, job: IFunction): void {
  new scheduler.Schedule(scope, 'Hourly', {
    schedule: scheduler.ScheduleExpression.rate(Duration.hours(1)),
    target: new LambdaInvoke(job, {
      role: schedulerRole(scope),
      input: scheduler.ScheduleTargetInput.fromObject({ run: 'hourly' }),
      retryAttempts: 1,
    }),
  });
}

/**
 * At the end of each deploy that changed something, and then every hour, starts the first rotation of every secret without a
 * key, or requests the key in operator mode, and has the keys retired that left the policy. The records
 * say which secrets earlier deploys had, and which keys were requested.
 */
export class KeyProvisioning extends Construct {
  readonly access: SecretAccess;

  readonly function: GovernanceFunction;

  constructor(scope: Construct, id: string, props: KeyProvisioningProps) {
    super(scope, id);

    const { policy, rotationFunction, alertTopic, recordsTable, retirementFlow } = props;
    const environment = {
      RECORDS_TABLE_NAME: recordsTable.tableName,
      RETIREMENT_STATE_MACHINE_ARN: retirementFlow.stateMachine.stateMachineArn,
    };
    this.function = rotationFunction
      ? new GovernanceFunction(this, 'Function', {
          folder: 'provision-keys',
          description: 'Starts the first rotation of new secrets, and retires removed keys',
          policy,
          environment: environment satisfies ProvisionKeysEnv,
        })
      : new GovernanceFunction(this, 'Function', {
          folder: 'request-keys',
          description: 'Requests the first keys of new secrets, and retires removed keys',
          policy,
          environment: {
            ...environment,
            ...alertTopic.variables,
          } satisfies RequestKeysEnv,
        });
    const { executionRole: role } = this.function;
    const { provision, inspect } = SECRET_ACTIONS;
    this.access = { role, actions: rotationFunction ? provision : inspect };
    if (rotationFunction) {
      rotationFunction.grantInvoke(this.function);
      runEachHour(this, this.function);
    } else alertTopic.grantPublish(this.function);
    recordsTable.grantRegister(this.function);
    props.encryptionKey.grantDecrypt(this.function);
    retirementFlow.stateMachine.grantStartExecution(this.function);
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
