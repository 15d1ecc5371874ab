import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type METRICS,
  METRICS_NAMESPACE,
  type MetricName,
} from '../../governance/platform/metrics.js';

/** What a metric is requested by. */
export type DimensionOf<Name extends MetricName> = (typeof METRICS)[Name]['dimensions'][number];

/** A metric that this product writes, under one value of one of its dimensions. */
export function governanceMetric<Name extends MetricName>(
  metricName: Name,
  dimension: DimensionOf<Name>,
  value: string,
  options: MetricOptions,
): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { [dimension]: value },
    ...options,
  });
}
