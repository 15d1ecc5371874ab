import type { Currency } from '../platform/wording.js';
import { windowName } from '../quotas/quota-window.js';
import type { SpendForecast } from './spend-forecast.js';
import { billedInWindow, type SpendStatus } from './spend-status.js';
import type { WorkspaceSpend } from './workspace-spend.js';

/** The windows that budgets are for. */
export type BudgetWindow = 'hour' | 'day' | 'month';

/** One workspace's spend in one window, for metrics and the command line. Money in nano-units. */
export interface SpendRow {
  readonly workspace: string;
  readonly window: BudgetWindow;
  /** For example `2026-11`. */
  readonly windowName: string;
  readonly currency: Currency;
  /** The larger of metered and billed. */
  readonly spentNanos: number;
  /** What gateway and client library counted; `undefined` where neither is in use. */
  readonly meteredNanos: number | undefined;
  /** `undefined` where Mistral's report says nothing about the window. */
  readonly billedNanos: number | undefined;
  /** `undefined` where the workspace has no budget for the window. */
  readonly budgetNanos: number | undefined;
  readonly percent: number | undefined;
  /** `undefined` for hours, and in the first two weeks. */
  readonly forecast: SpendForecast | undefined;
}

/** A row for each budget, and for the month in any case where Mistral reports it. */
export function spendRows(
  spend: WorkspaceSpend,
  statuses: readonly SpendStatus[],
  now: Date,
): SpendRow[] {
  const { workspace, currency, billed } = spend;
  const rows = statuses.map((status) => budgetRow(spend, status));
  const monthNanos = billed && billedInWindow(billed, 'month', now);
  if (monthNanos === undefined || rows.some(({ window }) => window === 'month')) return rows;
  return [
    ...rows,
    {
      workspace: workspace.name,
      window: 'month',
      windowName: windowName('month', now),
      currency,
      spentNanos: monthNanos,
      meteredNanos: undefined,
      billedNanos: monthNanos,
      budgetNanos: undefined,
      percent: undefined,
      forecast: undefined,
    },
  ];
}

export function budgetRow(
  { workspace, currency, isMetered }: WorkspaceSpend,
  { quota, windowName, spentNanos, meteredNanos, billedNanos, percent, forecast }: SpendStatus,
): SpendRow {
  return {
    workspace: workspace.name,
    window: quota.window as BudgetWindow,
    windowName,
    currency,
    spentNanos,
    meteredNanos: isMetered ? meteredNanos : undefined,
    billedNanos,
    budgetNanos: quota.limit,
    percent,
    forecast,
  };
}
