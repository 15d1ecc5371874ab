import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { expect } from 'vitest';
import { createMetricLines, type MetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS, METRICS_NAMESPACE, type MetricName } from '../../governance/platform/metrics.js';

export interface MetricLine {
  /** `workspace=dev-workspace` */
  readonly under: string;
  readonly metrics: Readonly<Partial<Record<MetricName, number | readonly number[]>>>;
  /** The whole line. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** The values that CloudWatch would read: every line is checked against the list of all metrics. */
export function metricLines(write: (lines: MetricLines) => void): MetricLine[] {
  const written: string[] = [];
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const log = new Metrics({ namespace: METRICS_NAMESPACE });
  Object.assign(log, { console: new Console({ stdout }) });
  write(createMetricLines(log));
  return written.map(checked);
}

function checked(text: string): MetricLine {
  const raw = JSON.parse(text);
  const [directive, ...more] = raw._aws.CloudWatchMetrics;
  expect(more).toEqual([]);
  const { Namespace, Dimensions, Metrics: defined } = directive;
  expect(Namespace).toBe('MistralGovernance');
  expect(Dimensions).toHaveLength(1);
  const [[dimension, ...others]] = Dimensions;
  expect(others).toEqual([]);
  const metrics: Partial<Record<MetricName, number | number[]>> = {};
  for (const { Name, Unit } of defined as { Name: MetricName; Unit: string }[]) {
    expect(METRICS[Name]).toMatchObject({
      unit: Unit,
      dimensions: expect.arrayContaining([dimension]),
    });
    metrics[Name] = raw[Name];
  }
  return { under: `${dimension}=${raw[dimension]}`, metrics, raw };
}
