import type { Currency } from '../platform/wording.js';
import { windowName } from '../quotas/quota-window.js';
import type { BudgetWindow } from './alerts/budget-alerts.js';
import { billedInWindow, type SpendForecast, type SpendStatus } from './spend-status.js';
import type { WorkspaceSpend } from './workspace-spend.js';

/** One workspace's spend in one window, for metrics and the command line. Money in nano-units. */
export interface SpendRow {
  readonly workspace: string;
  readonly window: BudgetWindow;
  readonly windowName: string;
  readonly currency: Currency;
  /** The larger of metered and billed. */
  readonly spentNanos: number;
  readonly meteredNanos: number | undefined;
  readonly billedNanos: number | undefined;
  /** `undefined` where the workspace has no budget for the window. */
  readonly budgetNanos: number | undefined;
  readonly percent: number | undefined;
  /** At today's rate; `undefined` for hours, and early in the day. */
  readonly forecast: SpendForecast | undefined;
}

/** A row for each budget, and for the month in any case where Mistral reports it. */
export function spendRows(
  { workspace, currency, isMetered, billed }: WorkspaceSpend,
  statuses: readonly SpendStatus[],
  now: Date,
): SpendRow[] {
  const rows = statuses.map(
    ({ quota, windowName, forecast, ...spend }): SpendRow => ({
      workspace: workspace.name,
      window: quota.window as BudgetWindow,
      windowName,
      currency,
      spentNanos: spend.spentNanos,
      meteredNanos: isMetered ? spend.meteredNanos : undefined,
      billedNanos: spend.billedNanos,
      budgetNanos: quota.limit,
      percent: spend.percent,
      forecast,
    }),
  );
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
