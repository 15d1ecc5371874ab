import type { MetricLines } from '../platform/metric-lines.js';
import type { SpendRow } from './spend-row.js';

const NAMES = { hour: 'Hour', day: 'Day', month: 'Month' } as const;
const NANOS = 1e9;

/** Metrics of every workspace's spend, one line for each. */
export function recordSpend(lines: MetricLines, rows: readonly SpendRow[]): void {
  for (const workspace of new Set(rows.map((row) => row.workspace))) {
    const own = rows.filter((row) => row.workspace === workspace);
    lines.write(
      'workspace',
      workspace,
      Object.assign({}, ...own.map(metricsOf)),
      Object.assign({}, ...own.map(budgetOf)),
    );
  }
}

function metricsOf({ window, spentNanos, budgetNanos, percent }: SpendRow) {
  const spend = { [`${NAMES[window]}Spend` as const]: spentNanos / NANOS };
  if (budgetNanos === undefined || percent === undefined) return spend;
  return { ...spend, [`${NAMES[window]}Percent` as const]: percent };
}

/** No metric, since it is known from spend and percent. */
function budgetOf({ window, budgetNanos }: SpendRow): Record<string, string> {
  if (budgetNanos === undefined) return {};
  return { [`${NAMES[window]}Budget`]: String(budgetNanos / NANOS) };
}
