import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct, type IDependable } from 'constructs';
import type { KeyRotationEnv } from '../../lambdas/key-rotation/wiring.js';
import { PER_FIVE_MINUTES } from '../operations/runbook-alarm.js';
import { GovernanceFunction } from '../platform/governance-function.js';
import type { SystemParts } from '../platform/system-parts.js';
import type { RetirementFlow } from './retirement-flow.js';
import { SECRET_ACTIONS, type SecretAccess } from './secret-access.js';

export interface KeyRotationProps extends SystemParts {
  /** Started when a rotation finishes, with the key that was just replaced. */
  readonly retirementFlow: RetirementFlow;
}

/**
 * Secrets Manager's rotation function: creates each key, and its successor when it is due. In operator
 * mode the command line calls it, and it verifies and promotes the keys that an operator created.
 */
export class KeyRotation extends Construct {
  readonly function: GovernanceFunction;

  /** What Secrets Manager needs before it can call the function; `undefined` where it never does. */
  readonly permission: IDependable | undefined;

  readonly access: SecretAccess;

  constructor(scope: Construct, id: string, props: KeyRotationProps) {
    super(scope, id);

    this.function = new GovernanceFunction(this, 'Function', {
      folder: 'key-rotation',
      description: 'Secrets Manager rotation of Mistral API keys',
      policy: props.policy,
      environment: {
        ...props.alertTopic.variables,
        RECORDS_TABLE_NAME: props.recordsTable.tableName,
        RETIREMENT_STATE_MACHINE_ARN: props.retirementFlow.stateMachine.stateMachineArn,
      } satisfies KeyRotationEnv,
      timeout: Duration.minutes(15), // a young key may be rejected for minutes
    });
    const role = this.function.grantPrincipal;
    props.adminKey?.grantRead(role);
    props.alertTopic.grantPublish(this.function);
    props.recordsTable.grantJournal(role);
    props.encryptionKey.grantEncryptDecrypt(role);
    props.retirementFlow.stateMachine.grantStartExecution(role);
    this.access = {
      role: this.function.executionRole,
      actions: props.adminKey ? SECRET_ACTIONS.rotate : SECRET_ACTIONS.verifyAndPromote,
    };

    this.permission = props.adminKey && this.letSecretsManagerCall();
    props.alertTopic.alarm(this, 'Failing', {
      alarmName: 'governance-rotation-failing',
      description:
        'A step of a key rotation failed: the current key stays current, and the step is retried',
      metric: this.function.metricErrors(PER_FIVE_MINUTES),
    });
  }

  private letSecretsManagerCall(): IDependable {
    return new CfnPermission(this, 'SecretsManager', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.functionArn,
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com').service,
      sourceAccount: Stack.of(this).account,
    });
  }
}
