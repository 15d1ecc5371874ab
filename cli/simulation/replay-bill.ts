import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import { addDays, type IsoDate, startOfDay } from '../../governance/platform/utc-day.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import { windowName } from '../../governance/quotas/quota-window.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import { type BilledSpend, billedSpend } from '../../governance/spend/billed-spend.js';
import { daysOf, usageUntil } from './bill-file.js';
import { rotationsDue, type Simulation, simulatedAlert } from './simulate.js';
import { type BudgetSpend, byName, type WindowSpend } from './spend-tally.js';
import { createSpendAlerts } from './spend-watch.js';

/** A month of one workspace as Mistral billed it, compared with the policy's budgets. */
export interface BillReplay
  extends Pick<Simulation, 'alerts' | 'rotations'>,
    Pick<BilledSpend, 'unpriced' | 'unreadable'> {
  readonly workspace: string;
  readonly period: { readonly from: IsoDate; readonly to: IsoDate };
  readonly spentNanos: number;
  /** Of days and of the month: Mistral reports no hours. */
  readonly budgets: readonly BudgetSpend[];
  /** Windows whose budget would have refused requests. */
  readonly exceeded: readonly ExceededBudget[];
}

type ExceededBudget = Pick<BudgetSpend, 'window' | 'budgetNanos'> & Readonly<WindowSpend>;

/** Checks the bill at the end of each of its days, as the spend monitor does. */
export function replayBill(policy: Policy, workspace: Workspace, usage: MonthlyUsage): BillReplay {
  const { from, to: last } = daysOf(usage);
  const whole = billedSpend(usage);
  const quotas = moneyQuotasOf(policy, workspace);
  const { alerts, judge } = createSpendAlerts(policy);

  for (let day = from; day <= last; day = addDays(day, 1)) {
    const now = new Date(startOfDay(addDays(day, 1)).getTime() - 1);
    const known = day === last ? usage : usageUntil(usage, day);
    const spend = {
      workspace,
      budgets: quotas.map((quota) => ({ quota, settled: 0 })),
      isMetered: false,
      billed: billedSpend(known),
      dayBefore: undefined,
      closed: [],
    };
    judge(spend, now);
  }

  const budgets = quotas.flatMap(({ window, limit }): BudgetSpend[] => {
    if (window !== 'day' && window !== 'month') return [];
    const days = [...whole.nanosByDay].map(([day, nanos]) => ({
      windowName: day,
      spentNanos: nanos,
    }));
    const month = {
      windowName: windowName('month', startOfDay(from)),
      spentNanos: whole.totalNanos,
    };
    const windows = window === 'month' ? [month] : days.sort(byName);
    return [{ workspace: workspace.name, window, budgetNanos: limit, windows }];
  });
  return {
    workspace: workspace.name,
    period: { from, to: last },
    spentNanos: whole.totalNanos,
    budgets,
    exceeded: budgets.flatMap(({ window, budgetNanos, windows }) =>
      windows
        .filter(({ spentNanos }) => spentNanos > budgetNanos)
        .map((one) => ({ window, budgetNanos, ...one })),
    ),
    alerts: alerts.map(simulatedAlert),
    rotations: rotationsDue(policy, from, last),
    unpriced: whole.unpriced,
    unreadable: whole.unreadable,
  };
}
