import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { GovernanceFunction } from '../platform/governance-function.js';
import type { AlertTopic } from './alert-topic.js';
import { PER_FIVE_MINUTES, RunbookAlarm, type RunbookAlarmProps } from './runbook-alarm.js';

export type WatchedFunction = GovernanceFunction;

export interface FunctionAlarmsProps {
  /** Whatever calls them tries again: one error or refusal is no news. */
  readonly functions: readonly WatchedFunction[];

  /** Those whose errors or throttles have an alarm of their own. */
  readonly watchedElsewhere: Readonly<Partial<Record<Trouble, readonly WatchedFunction[]>>>;

  readonly alertTopic: AlertTopic;

  readonly runbookUrl: string;
}

type Trouble = 'failing' | 'throttled' | 'slow';

// About as long as the retirement flow goes on trying.
const PERIODS_IN_A_ROW = 3;
const NEARLY = 0.8;

/**
 * The same alarms for every function, each with the function's name in what on-call reads: CloudWatch
 * charges by the metric, so that one alarm on them all would cost as much.
 */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);

    const { functions, watchedElsewhere, alertTopic, runbookUrl } = props;
    for (const one of functions) {
      for (const [trouble, alarm] of Object.entries(alarmsOf(one))) {
        if (watchedElsewhere[trouble as Trouble]?.includes(one)) continue;
        const heading = `governance-function-${trouble}`;
        const alarmName = `${heading}-${one.folder}`;
        alertTopic.watch(
          new RunbookAlarm(this, alarmName, { ...alarm, alarmName, heading, runbookUrl }),
        );
      }
    }
  }
}

function alarmsOf(
  one: WatchedFunction,
): Record<
  Trouble,
  Pick<RunbookAlarmProps, 'description' | 'metric' | 'above' | 'evaluationPeriods'>
> {
  const { folder, timeout = Duration.seconds(3) } = one;
  return {
    failing: {
      description: `${folder} ended in errors for a quarter of an hour`,
      metric: one.metricErrors(PER_FIVE_MINUTES),
      evaluationPeriods: PERIODS_IN_A_ROW,
    },
    throttled: {
      description: `Lambda had no capacity left for ${folder} for a quarter of an hour`,
      metric: one.metricThrottles(PER_FIVE_MINUTES),
      evaluationPeriods: PERIODS_IN_A_ROW,
    },
    slow: {
      description: `${folder} took more than ${NEARLY * 100} % of the ${timeout.toHumanString()} it may run`,
      metric: one.metricDuration({ ...PER_FIVE_MINUTES, statistic: 'Maximum' }),
      above: NEARLY * timeout.toMilliseconds(),
    },
  };
}
