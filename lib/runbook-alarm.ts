import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

export interface RunbookAlarmProps {
  /** Also the heading in `docs/runbook.md`. Begins with `governance-`. */
  readonly alarmName: string;

  /** What happened, in a sentence for the one who is woken up. */
  readonly description: string;

  readonly metric: cloudwatch.IMetric;

  /** The page whose headings are alarm names. */
  readonly runbookUrl: string;

  /**
   * Goes off when the metric is below this, instead of when it is above zero; no data is below.
   *
   * @default the alarm goes off above zero, and no data is good
   */
  readonly atLeast?: number;

  /** @default 1 */
  readonly evaluationPeriods?: number;
}

/** An alarm with a name of its own and the way to its page in the runbook. */
export class RunbookAlarm extends cloudwatch.Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    const { alarmName, description, metric, runbookUrl, atLeast, evaluationPeriods = 1 } = props;
    super(scope, id, {
      alarmName,
      alarmDescription: `${description}. ${runbookUrl}#${alarmName}`,
      metric,
      evaluationPeriods,
      threshold: atLeast ?? 0,
      comparisonOperator:
        atLeast === undefined
          ? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
          : cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData:
        atLeast === undefined
          ? cloudwatch.TreatMissingData.NOT_BREACHING
          : cloudwatch.TreatMissingData.BREACHING,
    });
  }
}

/** How a metric of events is summed for an alarm. */
export const PER_FIVE_MINUTES = { period: Duration.minutes(5), statistic: 'Sum' } as const;
