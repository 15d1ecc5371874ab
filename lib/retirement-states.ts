import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { RetirementVerdict } from '../lambdas/domain/retirement.js';
import type { RollBack } from '../lambdas/roll-back-key/handler.js';
import type { Story } from '../lambdas/tell-on-call/handler.js';
import type { RetirementFunctions } from './retirement-functions.js';

type Functions = Pick<RetirementFunctions, 'verify' | 'revoke' | 'confirm' | 'rollBack' | 'tell'>;

const verdictIs = (kind: RetirementVerdict['kind']) =>
  sfn.Condition.stringEquals('$.verdict.kind', kind);
const rollBackIs = (outcome: RollBack['outcome']) =>
  sfn.Condition.stringEquals('$.rollBack.outcome', outcome);

/** Errors that say the same however often they are tried. */
const FINAL_ERRORS = ['KeyStillCurrentError', 'ZodError'];

/** The retirement of one old key, from its first wait to one of four ends. */
export function retirementStates(scope: Construct, functions: Functions): sfn.Chain {
  const failed = new sfn.Fail(scope, 'Failed', {
    error: 'RetirementFailed',
    cause: 'see $.error in the input of this state and governance-retirement-failed in the runbook',
  });
  const tellFailed = tell('Tell that the retirement failed', 'failed', failed).next(failed);

  /** A task of ours, tried again for about a quarter of an hour; what fails then is told. */
  function task(name: string, lambdaFunction: IFunction, resultPath: string): LambdaInvoke {
    const state = new LambdaInvoke(scope, name, {
      lambdaFunction,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: sfn.Timeout.duration(Duration.minutes(6)),
      resultPath,
    });
    retry(state);
    state.addCatch(tellFailed, { errors: ['States.ALL'], resultPath: '$.error' });
    return state;
  }

  /** Tells on-call a part of the story; `otherwise` is where the flow goes when it cannot be told. */
  function tell(
    name: string,
    story: Story,
    otherwise: sfn.IChainable,
    errorPath = '$.error',
  ): LambdaInvoke {
    const state = new LambdaInvoke(scope, name, {
      lambdaFunction: functions.tell,
      payload: sfn.TaskInput.fromObject({
        story,
        flow: sfn.JsonPath.entirePayload,
        executionArn: sfn.JsonPath.executionId,
        stateMachineArn: sfn.JsonPath.stateMachineId,
      }),
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: sfn.Timeout.duration(Duration.minutes(6)),
      resultPath: sfn.JsonPath.DISCARD,
    });
    retry(state);
    state.addCatch(otherwise, { errors: ['States.ALL'], resultPath: errorPath });
    return state;
  }

  const wait = new sfn.Wait(scope, 'Wait until the old key can be judged', {
    time: sfn.WaitTime.timestampPath('$.checkAt'),
  });
  const planNextCheck = new sfn.Pass(scope, 'Plan the next check', {
    inputPath: '$.verdict.checkAt',
    resultPath: '$.checkAt',
  }).next(wait);
  const verify = task('Verify', functions.verify, '$.verdict');

  const confirm = task('Confirm the revocation', functions.confirm, '$.confirmation').next(
    tell('Tell that the old key is revoked', 'revoked', tellFailed).next(
      new sfn.Succeed(scope, 'Retired'),
    ),
  );
  const revoke = task('Revoke the old key', functions.revoke, '$.revocation').next(confirm);
  const rollBack = task('Roll back', functions.rollBack, '$.rollBack').next(
    new sfn.Choice(scope, 'Was it rolled back?')
      .when(rollBackIs('overtaken'), verify)
      .otherwise(
        tell('Tell that the rotation was rolled back', 'rolled-back', tellFailed).next(
          new sfn.Succeed(scope, 'Rolled back'),
        ),
      ),
  );
  const keep = tell('Tell that the old key is in charge again', 'kept', tellFailed).next(
    new sfn.Succeed(scope, 'Old key kept'),
  );
  // What could not be told on the way is not what a later end was due to.
  const loop = (name: string, story: Story) =>
    tell(name, story, planNextCheck, '$.tellError').next(planNextCheck);

  return wait
    .next(verify)
    .next(
      new sfn.Choice(scope, 'What is the verdict?')
        .when(verdictIs('revoke'), revoke)
        .when(verdictIs('already-revoked'), confirm)
        .when(verdictIs('wait'), planNextCheck)
        .when(verdictIs('in-use'), loop('Tell that the old key is in use', 'in-use'))
        .when(verdictIs('hold'), loop('Ask for approval', 'approval-needed'))
        .when(verdictIs('both-refused'), loop('Tell that both keys are refused', 'both-refused'))
        .when(verdictIs('roll-back'), rollBack)
        .when(verdictIs('keep'), keep)
        .otherwise(tellFailed),
    );
}

function retry(state: LambdaInvoke): void {
  state.addRetry({ errors: FINAL_ERRORS, maxAttempts: 0 });
  // Mistral may list or accept a key for some minutes after it was deleted.
  state.addRetry({
    errors: ['RevocationUnconfirmedError'],
    interval: Duration.minutes(1),
    backoffRate: 1,
    maxAttempts: 6,
  });
  state.addRetry({
    errors: ['States.ALL'],
    interval: Duration.seconds(30),
    backoffRate: 2,
    maxAttempts: 6,
    maxDelay: Duration.minutes(15),
    jitterStrategy: sfn.JitterType.FULL,
  });
}
