import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { NOTIFY_STATES, type RetirementEvent } from '../../governance/policy/notify-states.js';
import { refreshStates } from './refresh-steps.js';
import type { RetirementFunctions } from './retirement-functions.js';

/** Errors that are the same however often a task is tried. */
const FINAL_ERRORS = ['KeyNotHeldError', 'KeyStillCurrentError', 'ZodError'];

/** What a retirement is made of, with the Admin API and in operator mode. */
export class RetirementSteps<Verdict extends string> {
  /** Checks the key. */
  readonly verify: LambdaInvoke;

  /** Takes the time of the next check from the verdict, and waits until then. */
  readonly scheduleCheck: sfn.Chain;

  private readonly wait: sfn.Wait;
  private readonly failed: sfn.Chain;

  constructor(
    private readonly scope: Construct,
    verify: IFunction,
    private readonly functions: Pick<RetirementFunctions, 'notify' | 'refresh'>,
  ) {
    const failed = new sfn.Fail(scope, 'Failed', {
      error: 'RetirementFailed',
      cause:
        'see $.error in the input of this state and governance-retirement-failed in the runbook',
    });
    this.failed = this.notifyOr(failed, 'failed').next(failed);
    this.wait = new sfn.Wait(scope, 'Wait for next check', {
      time: sfn.WaitTime.timestampPath('$.checkAt'),
    });
    this.scheduleCheck = new sfn.Pass(scope, 'Schedule next check', {
      inputPath: '$.verdict.checkAt',
      resultPath: '$.checkAt',
    }).next(this.wait);
    this.verify = this.task('Verify', verify, '$.verdict');
  }

  /** Waits, checks, and goes on by the verdict; one without a branch fails the flow. */
  checkUntil(branches: Readonly<Record<Verdict, sfn.IChainable>>): sfn.Chain {
    const choice = new sfn.Choice(this.scope, 'Act on the verdict');
    for (const [kind, next] of Object.entries<sfn.IChainable>(branches)) {
      choice.when(sfn.Condition.stringEquals('$.verdict.kind', kind), next);
    }
    const checking = this.wait.next(this.verify).next(choice.otherwise(this.failed));
    return this.functions.refresh ? this.refreshFirst(this.functions.refresh) : checking;
  }

  /** What started with the new key starts with the previous one; on-call hears of the rollback in any case. */
  refreshBack(next: sfn.Chain): sfn.Chain {
    if (!this.functions.refresh) return next;
    const name = 'Refresh consumers after rollback';
    const refresh = this.invoke(name, this.functions.refresh, sfn.JsonPath.DISCARD);
    refresh.addCatch(next, { errors: ['States.ALL'], resultPath: '$.refreshError' });
    return refresh.next(next);
  }

  /** A refresh that fails delays nothing: the old key stays until it is unused. */
  private refreshFirst(refreshing: IFunction): sfn.Chain {
    const refresh = this.invoke('Refresh consumers', refreshing, '$.refresh');
    const notify = this.notifyOr(this.wait, 'not-refreshed', '$.refreshError');
    refresh.addCatch(notify, { errors: ['States.ALL'], resultPath: '$.refreshError' });
    return refreshStates(this.scope, { refresh, notify, afterwards: this.wait });
  }

  /** A task of ours, tried again for about 15 minutes; an error after that fails the flow. */
  task(name: string, lambdaFunction: IFunction, resultPath: string): LambdaInvoke {
    const state = this.invoke(name, lambdaFunction, resultPath);
    state.addCatch(this.failed, { errors: ['States.ALL'], resultPath: '$.error' });
    return state;
  }

  /** Notifies on-call how the retirement ended; a flow that cannot has failed. */
  notify(event: RetirementEvent, end: string): sfn.Chain {
    return this.notifyOr(this.failed, event).next(new sfn.Succeed(this.scope, end));
  }

  /** Notifies on-call, and waits for the next check. */
  notifyAndCheckAgain(event: RetirementEvent): sfn.Chain {
    // An error of a notification on the way is not the cause of a later failure. In place of the day on which
    // on-call was notified, it makes the next check notify again.
    return this.notifyOr(this.scheduleCheck, event, '$.verdict.notified').next(this.scheduleCheck);
  }

  /** `otherwise` is where the flow goes when on-call cannot be notified. */
  private notifyOr(
    otherwise: sfn.IChainable,
    event: RetirementEvent,
    errorPath = '$.error',
  ): LambdaInvoke {
    const payload = sfn.TaskInput.fromObject({
      event,
      flow: sfn.JsonPath.entirePayload,
      executionArn: sfn.JsonPath.executionId,
      stateMachineArn: sfn.JsonPath.stateMachineId,
    });
    const state = this.invoke(
      NOTIFY_STATES[event],
      this.functions.notify,
      sfn.JsonPath.DISCARD,
      payload,
    );
    state.addCatch(otherwise, { errors: ['States.ALL'], resultPath: errorPath });
    return state;
  }

  private invoke(
    name: string,
    lambdaFunction: IFunction,
    resultPath: string,
    payload?: sfn.TaskInput,
  ): LambdaInvoke {
    const state = new LambdaInvoke(this.scope, name, {
      lambdaFunction,
      payload,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: sfn.Timeout.duration(Duration.minutes(6)),
      resultPath,
    });
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
    return state;
  }
}
