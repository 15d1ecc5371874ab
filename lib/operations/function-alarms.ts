import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { GovernanceFunction } from '../platform/governance-function.js';
import type { AlertTopic } from './alert-topic.js';
import { PER_FIVE_MINUTES, type RunbookAlarmProps } from './runbook-alarm.js';

export type WatchedFunction = GovernanceFunction;

export interface FunctionAlarmsProps {
  /** Their callers try again, so one error or throttle alone wakes no one up. */
  readonly functions: readonly WatchedFunction[];

  /** Those whose errors or throttles have an alarm of their own. */
  readonly watchedElsewhere: Readonly<Partial<Record<Trouble, readonly WatchedFunction[]>>>;

  readonly alertTopic: AlertTopic;
}

type Trouble = 'failing' | 'throttled' | 'slow';

// 15 minutes, about as long as the retirement flow retries.
const PERIODS_IN_A_ROW = 3;
const NEARLY = 0.8;

/**
 * The same alarms for every function, each with the function's name in what on-call reads. CloudWatch
 * charges by the metric, so one alarm on all functions would cost as much.
 */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, props: FunctionAlarmsProps) {
    super(scope, id);

    const { functions, watchedElsewhere, alertTopic } = props;
    for (const one of functions) {
      for (const [trouble, alarm] of Object.entries(alarmsOf(one))) {
        if (watchedElsewhere[trouble as Trouble]?.includes(one)) continue;
        const heading = `governance-function-${trouble}`;
        const alarmName = `${heading}-${one.folder}`;
        alertTopic.alarm(this, alarmName, { ...alarm, alarmName, heading });
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
      description: `${folder} has been failing for 15 minutes`,
      metric: one.metricErrors(PER_FIVE_MINUTES),
      evaluationPeriods: PERIODS_IN_A_ROW,
    },
    throttled: {
      description: `${folder} has been throttled for 15 minutes`,
      metric: one.metricThrottles(PER_FIVE_MINUTES),
      evaluationPeriods: PERIODS_IN_A_ROW,
    },
    slow: {
      description: `${folder} ran for more than ${NEARLY * 100} % of its timeout of ${timeout.toHumanString()}`,
      metric: one.metricDuration({ ...PER_FIVE_MINUTES, statistic: 'Maximum' }),
      above: NEARLY * timeout.toMilliseconds(),
    },
  };
}
