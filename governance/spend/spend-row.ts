import * as z from 'zod';
import { windowName } from '../quotas/quota-window.js';
import { SpendForecastSchema } from './spend-forecast.js';
import { billedInWindow, type SpendStatus } from './spend-status.js';
import type { WorkspaceSpend } from './workspace-spend.js';

/** As the spend monitor returns it. */
export const SpendRowSchema = z.object({
  workspace: z.string(),
  window: z.enum(['hour', 'day', 'month']),
  /** For example `2026-11`. */
  windowName: z.string(),
  currency: z.enum(['USD', 'EUR']),
  /** The larger of metered and billed. */
  spentNanos: z.number(),
  /** What gateway and client library counted; `undefined` where neither is in use. */
  meteredNanos: z.number().optional(),
  /** `undefined` where Mistral's report says nothing about the window. */
  billedNanos: z.number().optional(),
  /** The part of metered that was spent with the keys of other workspaces, which Mistral bills there. */
  borrowedNanos: z.number().optional(),
  /** What other workspaces spent with this one's key in the day: in spent, and in both budgets. */
  lentNanos: z.number().optional(),
  /** `undefined` where the workspace has no budget for the window. */
  budgetNanos: z.number().optional(),
  percent: z.number().optional(),
  /** `undefined` for hours, and in the first two weeks. */
  forecast: SpendForecastSchema.optional(),
});

/** One workspace's spend in one window, for metrics and the command line. Money in nano-units. */
export type SpendRow = Readonly<z.infer<typeof SpendRowSchema>>;

/** The windows that budgets are for. */
export type BudgetWindow = SpendRow['window'];

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
  { workspace, currency, isMetered, lent }: WorkspaceSpend,
  status: SpendStatus,
): SpendRow {
  const { quota, windowName, spentNanos, meteredNanos, billedNanos, percent, forecast } = status;
  const isLentDay = quota.window === 'day' && lent?.windowName === windowName;
  return {
    workspace: workspace.name,
    window: quota.window as BudgetWindow,
    windowName,
    currency,
    spentNanos,
    meteredNanos: isMetered ? meteredNanos : undefined,
    billedNanos,
    borrowedNanos: status.borrowedNanos || undefined,
    lentNanos: (isLentDay && lent.settled) || undefined,
    budgetNanos: quota.limit,
    percent,
    forecast,
  };
}
