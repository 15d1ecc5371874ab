import { METRICS, type MetricDimension, type MetricName } from './metrics.js';

/** CloudWatch metrics by way of lines in the log, which need no call and no permission. */
export interface MetricLines {
  /**
   * Writes one line. Of one metric it takes fewer than a hundred values; what is `undefined` is left
   * out. Notes are read with the line, and are no metrics to pay for.
   */
  write(
    dimension: MetricDimension,
    value: string,
    metrics: { readonly [Name in MetricName]?: number | readonly number[] | undefined },
    notes?: Readonly<Record<string, string>>,
  ): void;
}

/** What of Powertools' Metrics is used here. */
export interface MetricsLog {
  clearDefaultDimensions(): void;
  addDimension(name: string, value: string): unknown;
  addMetric(name: string, unit: (typeof METRICS)[MetricName]['unit'], value: number): unknown;
  addMetadata(key: string, value: string): unknown;
  publishStoredMetrics(): unknown;
}

export function createMetricLines(log: MetricsLog): MetricLines {
  log.clearDefaultDimensions(); // the name of a service, which no dashboard asks for
  return {
    write(dimension, value, metrics, notes = {}) {
      log.addDimension(dimension, value);
      for (const [name, { unit }] of Object.entries(METRICS)) {
        const values = metrics[name as MetricName] ?? [];
        for (const one of [values].flat()) log.addMetric(name, unit, one);
      }
      for (const [key, note] of Object.entries(notes)) log.addMetadata(key, note);
      log.publishStoredMetrics();
    },
  };
}
