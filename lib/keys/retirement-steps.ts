import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { Story } from '../../lambdas/notify-on-call/handler.js';

/** What a retirement is made of, with the Admin API and without. */
export interface RetirementSteps {
  /** Waits until the time in the flow's state. */
  readonly wait: sfn.Wait;
  /** Takes the time of the next check from the verdict, and waits again. */
  readonly planNextCheck: sfn.Chain;
  /** Tells that the flow has failed, and ends it. */
  readonly tellFailed: sfn.Chain;
  /** A task of ours, tried again for about a quarter of an hour; what fails then is told. */
  task(name: string, lambdaFunction: IFunction, resultPath: string): LambdaInvoke;
  /** Tells on-call the end of the story; a flow that cannot has failed. */
  tell(name: string, story: Story): LambdaInvoke;
  /** Tells on-call where the story stands, and looks again. */
  loop(name: string, story: Story): sfn.Chain;
}

/** Errors that say the same however often they are tried. */
const FINAL_ERRORS = ['KeyStillCurrentError', 'ZodError'];

export function retirementSteps(
  scope: Construct,
  notifyOnCall: IFunction,
  failure: Story,
): RetirementSteps {
  const failed = new sfn.Fail(scope, 'Failed', {
    error: 'RetirementFailed',
    cause: 'see $.error in the input of this state and governance-retirement-failed in the runbook',
  });
  const tellFailed = tellOr('Tell that the retirement failed', failure, failed).next(failed);

  /** `otherwise` is where the flow goes when it cannot be told. */
  function tellOr(
    name: string,
    story: Story,
    otherwise: sfn.IChainable,
    errorPath = '$.error',
  ): LambdaInvoke {
    const state = new LambdaInvoke(scope, name, {
      lambdaFunction: notifyOnCall,
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

  return {
    wait,
    planNextCheck,
    tellFailed,

    task(name, lambdaFunction, resultPath) {
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
    },

    tell: (name, story) => tellOr(name, story, tellFailed),

    // What could not be told on the way is not what a later end was due to.
    loop: (name, story) => tellOr(name, story, planNextCheck, '$.tellError').next(planNextCheck),
  };
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
