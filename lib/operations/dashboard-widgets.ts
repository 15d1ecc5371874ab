import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_NAMESPACE, type MetricName } from '../../governance/platform/metrics.js';
import type { DimensionOf } from './governance-metric.js';

const THIRD = { width: 8, height: 6 } as const;
const MOST_LINES = 20;

export function graph(
  title: string,
  props: Omit<cloudwatch.GraphWidgetProps, 'title'>,
): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    ...THIRD,
    title,
    leftYAxis: { min: 0, showUnits: false },
    ...props,
  });
}

interface TopProps extends Pick<cloudwatch.GraphWidgetProps, 'leftAnnotations' | 'stacked'> {
  readonly title: string;
  readonly period: Duration;
  readonly statistic: string;
}

/**
 * A metric under all values of a dimension, the highest first. A search finds one workspace or two
 * hundred, and later ones without a deploy.
 */
export function graphOfTop<Name extends MetricName>(
  metricName: Name,
  dimension: DimensionOf<Name>,
  { title, period, statistic, ...props }: TopProps,
): cloudwatch.IWidget {
  const metrics = `{${METRICS_NAMESPACE},${dimension}} MetricName="${metricName}"`;
  const search = `SEARCH('${metrics}', '${statistic}', ${period.toSeconds()})`;
  const top = new cloudwatch.MathExpression({
    expression: `SLICE(SORT(${search}, MAX, DESC), 0, ${MOST_LINES})`,
    usingMetrics: {},
    label: `\${PROP('Dim.${dimension}')}`,
    period,
  });
  return graph(title, { left: [top], ...props });
}

/** The latest value. */
export function latest(title: string, metric: cloudwatch.IMetric): cloudwatch.IWidget {
  return new cloudwatch.SingleValueWidget({ title, metrics: [metric], width: 4, height: 3 });
}
