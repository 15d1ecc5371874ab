import type { SpendRow } from '../domain/spend/spend-row.js';

export const METRICS_NAMESPACE = 'MistralGovernance';

/** CloudWatch metrics of every workspace's spend, by way of a line in the log. */
export interface SpendMetrics {
  record(rows: readonly SpendRow[]): void;
}

/** What of Powertools' Metrics is used here. */
export interface MetricsLog {
  clearDefaultDimensions(): void;
  addDimension(name: string, value: string): unknown;
  addMetric(name: string, unit: 'None' | 'Percent', value: number): unknown;
  addMetadata(key: string, value: string): unknown;
  publishStoredMetrics(): void;
}

const NAMES = { hour: 'Hour', day: 'Day', month: 'Month' } as const;
const NANOS = 1e9;

/** One set for each workspace, since every further dimension multiplies what CloudWatch charges. */
export function createSpendMetrics(metrics: MetricsLog): SpendMetrics {
  metrics.clearDefaultDimensions(); // the name of a service, by which nobody would look
  return {
    record(rows) {
      for (const workspace of new Set(rows.map((row) => row.workspace))) {
        metrics.addDimension('workspace', workspace);
        for (const row of rows) if (row.workspace === workspace) addRow(metrics, row);
        metrics.publishStoredMetrics();
      }
    },
  };
}

function addRow(metrics: MetricsLog, { window, spentNanos, budgetNanos, percent }: SpendRow): void {
  const name = NAMES[window];
  metrics.addMetric(`${name}Spend`, 'None', spentNanos / NANOS);
  if (budgetNanos === undefined || percent === undefined) return;
  metrics.addMetric(`${name}Percent`, 'Percent', percent);
  // In the line, but no metric to pay for: it is known from spend and percent.
  metrics.addMetadata(`${name}Budget`, String(budgetNanos / NANOS));
}
