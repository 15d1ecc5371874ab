import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct } from 'constructs';
import { PER_FIVE_MINUTES } from '../operations/runbook-alarm.js';
import { acknowledgeWildcard, logicalId } from '../platform/acknowledge.js';
import type { SystemParts } from '../platform/system-parts.js';
import { RetirementFunctions } from './retirement-functions.js';
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

    const functions = new RetirementFunctions(this, 'Functions', props);
    const states = props.adminKey ? retirementStates : operatorRetirementStates;
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      comment: 'Retires a Mistral key that a rotation replaced or that left the policy',
      definitionBody: sfn.DefinitionBody.fromChainable(states(this, functions)),
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
    this.access = functions.access;
    this.grantHistory(functions.notify.executionRole);
    props.alertTopic.alarm(this, 'RetirementFailed', {
      alarmName: 'governance-retirement-failed',
      description: 'A retirement failed after all retries: a replaced key may still be valid',
      // The flow has no timeout: this is the only way it can go wrong.
      metric: this.stateMachine.metricFailed(PER_FIVE_MINUTES),
    });
  }

  /** Lets a function of the flow see what executions of the flow are at. */
  private grantHistory(role: iam.IRole): void {
    // Not in the role's own policy: the function waits for that, and the state machine for the function.
    const policy = new iam.Policy(this, 'History', {
      statements: [
        new iam.PolicyStatement({
          actions: ['states:GetExecutionHistory'],
          resources: [this.executionsArn],
        }),
      ],
    });
    role.attachInlinePolicy(policy);
    this.acknowledgeExecutions(policy);
  }

  private get executionsArn(): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${this.stateMachine.stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** Lets a function list running retirements, and what each retires. */
  grantListRunning(role: iam.IRole): void {
    this.stateMachine.grant(role, 'states:ListExecutions');
    iam.Grant.addToPrincipal({
      grantee: role,
      actions: ['states:DescribeExecution'],
      resourceArns: [this.executionsArn],
    });
    this.acknowledgeExecutions(role);
  }

  private acknowledgeExecutions(grantee: IConstruct): void {
    acknowledgeWildcard(
      grantee,
      `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${logicalId(this.stateMachine)}.Name>:*`,
      'executions of this one state machine, whose names are not known at deploy time',
    );
  }
}
