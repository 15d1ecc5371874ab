import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

export interface RunbookAlarmProps {
  /** Begins with `governance-`. */
  readonly alarmName: string;

  /**
   * The heading in `docs/runbook.md`.
   *
   * @default the alarm's name
   */
  readonly heading?: string;

  /** What happened, in a sentence for on-call, without a full stop. */
  readonly description: string;

  readonly metric: cloudwatch.IMetric;

  /** The page with the headings. */
  readonly runbookUrl: string;

  /**
   * Goes off when the metric is above this.
   *
   * @default 0
   */
  readonly above?: number;

  /** Goes off when the metric is below this instead; no data is below. */
  readonly atLeast?: number;

  /**
   * Whether the alarm keeps its state without data: for metrics that are written once a night.
   *
   * @default false: no data is good, or below `atLeast`
   */
  readonly holdsWithoutData?: boolean;

  /** @default 1 */
  readonly evaluationPeriods?: number;
}

/** An alarm with a fixed name and a link to its heading in the runbook. */
export class RunbookAlarm extends cloudwatch.Alarm {
  /** Known before a deploy. */
  readonly fixedName: string;

  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    const { alarmName, metric, above = 0, atLeast, evaluationPeriods = 1 } = props;
    super(scope, id, {
      alarmName,
      alarmDescription: runbookText(props),
      metric,
      evaluationPeriods,
      threshold: atLeast ?? above,
      comparisonOperator:
        atLeast === undefined
          ? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
          : cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: meaningOfNoData(props),
    });
    this.fixedName = alarmName;
  }
}

/** The same, on the states of other alarms. */
export class CombinedRunbookAlarm extends cloudwatch.CompositeAlarm {
  /** Known before a deploy. */
  readonly fixedName: string;

  constructor(
    scope: Construct,
    id: string,
    props: Pick<RunbookAlarmProps, 'alarmName' | 'description' | 'runbookUrl'> &
      Pick<cloudwatch.CompositeAlarmProps, 'alarmRule'>,
  ) {
    const { alarmName, alarmRule } = props;
    super(scope, id, {
      compositeAlarmName: alarmName,
      alarmDescription: runbookText(props),
      alarmRule,
    });
    this.fixedName = alarmName;
  }
}

export type WatchedAlarm = RunbookAlarm | CombinedRunbookAlarm;

function meaningOfNoData({ atLeast, holdsWithoutData }: RunbookAlarmProps) {
  if (holdsWithoutData) return cloudwatch.TreatMissingData.IGNORE;
  return atLeast === undefined
    ? cloudwatch.TreatMissingData.NOT_BREACHING
    : cloudwatch.TreatMissingData.BREACHING;
}

/** What an alarm says: the link to the runbook comes last. */
function runbookText({
  description,
  runbookUrl,
  alarmName,
  heading = alarmName,
}: Pick<RunbookAlarmProps, 'description' | 'runbookUrl' | 'alarmName' | 'heading'>): string {
  return `${description}. ${runbookUrl}#${heading}`;
}

/** How a metric of events is summed for an alarm. */
export const PER_FIVE_MINUTES = { period: Duration.minutes(5), statistic: 'Sum' } as const;
