import { Duration, Stack, TimeZone, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { AlertTopic } from './alert-topic.js';
import { DeadLetterQueue } from './dead-letter-queue.js';
import { CombinedRunbookAlarm, PER_FIVE_MINUTES, RunbookAlarm } from './runbook-alarm.js';

const HALF_AN_ALARM = {
  id: 'NIST.800.53.R5-CloudWatchAlarmAction',
  reason:
    'half of a composite alarm, which notifies on-call; alone it is no reason to wake someone up',
};

export interface ScheduledJobProps {
  readonly function: IFunction;

  /** What the job is called in alarm names, for example `audit`. */
  readonly name: string;

  /** An EventBridge Scheduler expression, `cron(...)` or `rate(...)`. */
  readonly schedule: string;

  /** The IANA time zone that the schedule is read in. */
  readonly timezone: string;

  readonly alertTopic: AlertTopic;

  /**
   * The longest time between two runs of the schedule. The scheduler tries to start a run for that
   * long, two hours at most: then the next run takes over.
   *
   * @default Duration.days(1)
   */
  readonly every?: Duration;

  /**
   * How many missed runs in a row raise an alarm. CloudWatch looks back a week where runs are an hour
   * or more apart, else a day.
   *
   * @default 2
   */
  readonly missedRuns?: number;
}

/** What EventBridge Scheduler runs a schedule of this account as. */
export function schedulerRole(scope: Construct): iam.Role {
  const stack = Stack.of(scope);
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: {
          'aws:SourceAccount': stack.account,
          // The scheduler passes the group of a schedule, never the schedule itself.
          'aws:SourceArn': stack.formatArn({
            service: 'scheduler',
            resource: 'schedule-group',
            resourceName: 'default',
          }),
        },
      },
    }),
  });
}

const LONGEST_ATTEMPT = Duration.hours(2);

/** Runs a function on a schedule, with alarms when it fails, cannot be started or did not run. */
export class ScheduledJob extends Construct {
  constructor(scope: Construct, id: string, props: ScheduledJobProps) {
    super(scope, id);

    const { name, alertTopic, every = Duration.days(1), missedRuns = 2 } = props;
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters');
    const role = schedulerRole(this);
    new scheduler.Schedule(this, 'Schedule', {
      schedule: scheduler.ScheduleExpression.expression(
        props.schedule,
        TimeZone.of(props.timezone),
      ),
      target: new LambdaInvoke(props.function, {
        role,
        deadLetterQueue: deadLetters,
        retryAttempts: 5,
        maxEventAge: every.toSeconds() < LONGEST_ATTEMPT.toSeconds() ? every : LONGEST_ATTEMPT,
      }),
    });

    alertTopic.alarm(this, 'Failing', {
      alarmName: `governance-${name}-failing`,
      description: `The last run of the ${name} failed`,
      metric: props.function.metricErrors(PER_FIVE_MINUTES),
    });
    alertTopic.alarm(this, 'NotStarted', {
      alarmName: `governance-${name}-not-started`,
      description: `EventBridge Scheduler could not start the ${name}`,
      metric: deadLetters.metricMessages(),
    });
    alertTopic.watch(this.missedAlarm(props, every, missedRuns));
  }

  /** Only after a first run: before it there is as little data as after a missed one. */
  private missedAlarm(
    { name, alertTopic: { runbookUrl }, function: job }: ScheduledJobProps,
    every: Duration,
    missedRuns: number,
  ): CombinedRunbookAlarm {
    const missedFor = Duration.seconds(every.toSeconds() * missedRuns).toHumanString();
    const alarmName = `governance-${name}-missed`;
    const idle = new RunbookAlarm(this, 'Idle', {
      alarmName: `governance-${name}-idle`,
      heading: alarmName,
      description: `The ${name} has not run for ${missedFor}, or never`,
      // Filled, since for every period without data CloudWatch would take an older one instead, and
      // report a missed night days later.
      metric: new cloudwatch.MathExpression({
        expression: 'FILL(runs, 0)',
        usingMetrics: { runs: job.metricInvocations({ period: every, statistic: 'Sum' }) },
        period: every,
      }),
      evaluationPeriods: missedRuns,
      atLeast: 1,
      runbookUrl,
    });
    // OK from the first run on, for good: the number of runs is never below zero.
    const begun = new RunbookAlarm(this, 'Begun', {
      alarmName: `governance-${name}-begun`,
      heading: alarmName,
      description: `The ${name} has run before`,
      metric: job.metricInvocations(PER_FIVE_MINUTES),
      atLeast: 0,
      holdsWithoutData: true,
      runbookUrl,
    });
    Validations.of(idle).acknowledge(HALF_AN_ALARM);
    Validations.of(begun).acknowledge(HALF_AN_ALARM);
    return new CombinedRunbookAlarm(this, 'MissedRuns', {
      alarmName,
      description: `The ${name} has not run for ${missedFor}`,
      alarmRule: cloudwatch.AlarmRule.allOf(
        cloudwatch.AlarmRule.fromAlarm(idle, cloudwatch.AlarmState.ALARM),
        cloudwatch.AlarmRule.fromAlarm(begun, cloudwatch.AlarmState.OK),
      ),
      runbookUrl,
    });
  }
}
