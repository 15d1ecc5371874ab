import type { Policy } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import { windowName } from '../../governance/quotas/quota-window.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import type { BudgetWindow } from '../../governance/spend/alerts/spend-story.js';

/** One window of one budget. Money in nano-units. */
export interface WindowSpend {
  readonly windowName: string;
  spentNanos: number;
}

export interface BudgetSpend {
  readonly workspace: string;
  readonly window: BudgetWindow;
  readonly budgetNanos: number;
  /** Windows with requests, in order of time. */
  readonly windows: readonly WindowSpend[];
}

export interface WorkspaceTotal {
  readonly workspace: string;
  requests: number;
  refused: number;
  /** Answers that would have been cut short at the role's limit. */
  cutShort: number;
  spentNanos: number;
}

/** Spend by workspace, and by each window of its budgets. */
export function createSpendTally(policy: Policy) {
  const totals = new Map<string, WorkspaceTotal>();
  const budgets = new Map<string, { quota: Quota; windows: Map<string, WindowSpend> }[]>();
  for (const workspace of policy.workspaces) {
    const { name } = workspace;
    totals.set(name, { workspace: name, requests: 0, refused: 0, cutShort: 0, spentNanos: 0 });
    const money = moneyQuotasOf(policy, workspace);
    budgets.set(
      name,
      money.map((quota) => ({ quota, windows: new Map() })),
    );
  }

  return {
    refused(workspace: string): void {
      const total = totals.get(workspace);
      if (!total) return;
      total.requests += 1;
      total.refused += 1;
    },

    sent(workspace: string, at: Date, costNanos: number, isCutShort: boolean): void {
      const total = totals.get(workspace);
      if (!total) return;
      total.requests += 1;
      total.spentNanos += costNanos;
      if (isCutShort) total.cutShort += 1;
      for (const { quota, windows } of budgets.get(workspace) ?? []) {
        const name = windowName(quota.window, at);
        const known = windows.get(name);
        if (known) known.spentNanos += costNanos;
        else windows.set(name, { windowName: name, spentNanos: costNanos });
      }
    },

    totals: (): readonly WorkspaceTotal[] => [...totals.values()],

    budgets: (): readonly BudgetSpend[] =>
      [...budgets].flatMap(([workspace, list]) =>
        list.map(({ quota, windows }) => ({
          workspace,
          window: quota.window as BudgetWindow,
          budgetNanos: quota.limit,
          windows: [...windows.values()].sort((one, other) =>
            one.windowName < other.windowName ? -1 : 1,
          ),
        })),
      ),
  };
}
