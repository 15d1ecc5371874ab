import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PER_FIVE_MINUTES } from '../operations/runbook-alarm.js';
import { acknowledgeWildcard, logicalId } from '../platform/acknowledge.js';
import type { SystemParts } from '../platform/system-parts.js';
import { OperatorRetirementFunctions, RetirementFunctions } from './retirement-functions.js';
import { operatorRetirementStates, retirementStates } from './retirement-states.js';
import type { SecretAccess } from './secret-access.js';

/**
 * Waits until an old key is unused, verifies, and only then revokes it; in operator mode an operator
 * deletes it, and the flow requests that.
 */
export class RetirementFlow extends Construct {
  readonly stateMachine: sfn.StateMachine;

  readonly access: readonly SecretAccess[];

  constructor(scope: Construct, id: string, props: SystemParts) {
    super(scope, id);

    const { states, access } = this.flow(props);
    this.access = access;
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      comment: 'Retires a Mistral key that a rotation replaced or that left the policy',
      definitionBody: sfn.DefinitionBody.fromChainable(states),
      tracingEnabled: true,
      logs: {
        destination: new logs.LogGroup(this, 'Logs', {
          retention: logs.RetentionDays.ONE_YEAR,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: true, // ids and dates; no state ever holds a key
      },
    });
    acknowledgeWildcard(
      this.stateMachine.role,
      '*',
      'X-Ray writes and log deliveries have no resource to name',
    );
    props.alertTopic.alarm(this, 'RetirementFailed', {
      alarmName: 'governance-retirement-failed',
      description: 'A retirement failed after all retries: a replaced key may still be valid',
      // The flow has no timeout: this is the only way it can go wrong.
      metric: this.stateMachine.metricFailed(PER_FIVE_MINUTES),
    });
  }

  /** Lets a function list running retirements, and what each retires. */
  grantListRunning(role: iam.IRole): void {
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${this.stateMachine.stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.stateMachine.grant(role, 'states:ListExecutions');
    iam.Grant.addToPrincipal({
      grantee: role,
      actions: ['states:DescribeExecution'],
      resourceArns: [executions],
    });
    acknowledgeWildcard(
      role,
      `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${logicalId(this.stateMachine)}.Name>:*`,
      'executions of this one state machine, whose names are not known at deploy time',
    );
  }

  private flow({ adminKey, ...props }: SystemParts) {
    if (adminKey) {
      const functions = new RetirementFunctions(this, 'Functions', { ...props, adminKey });
      return { states: retirementStates(this, functions), access: functions.access };
    }
    const functions = new OperatorRetirementFunctions(this, 'Functions', props);
    return { states: operatorRetirementStates(this, functions), access: functions.access };
  }
}
