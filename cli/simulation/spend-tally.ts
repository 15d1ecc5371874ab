import type { Policy } from '../../governance/policy/policy.js';
import { windowName } from '../../governance/quotas/quota-window.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import type { BudgetWindow } from '../../governance/spend/spend-row.js';

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
  const tallies = policy.workspaces.map((workspace) => ({
    total: { workspace: workspace.name, requests: 0, refused: 0, cutShort: 0, spentNanos: 0 },
    budgets: moneyQuotasOf(policy, workspace).map((quota) => ({
      quota,
      windows: new Map<string, WindowSpend>(),
    })),
  }));
  const byWorkspace = new Map(tallies.map((tally) => [tally.total.workspace, tally]));

  return {
    refused(workspace: string): void {
      const { total } = byWorkspace.get(workspace) ?? {};
      if (!total) return;
      total.requests += 1;
      total.refused += 1;
    },

    sent(workspace: string, at: Date, costNanos: number, isCutShort: boolean): void {
      const { total, budgets } = byWorkspace.get(workspace) ?? {};
      if (!total || !budgets) return;
      total.requests += 1;
      total.spentNanos += costNanos;
      if (isCutShort) total.cutShort += 1;
      for (const { quota, windows } of budgets) {
        const name = windowName(quota.window, at);
        const known = windows.get(name) ?? { windowName: name, spentNanos: 0 };
        known.spentNanos += costNanos;
        windows.set(name, known);
      }
    },

    totals: (): readonly WorkspaceTotal[] => tallies.map(({ total }) => total),

    budgets: (): readonly BudgetSpend[] =>
      tallies.flatMap(({ total: { workspace }, budgets }) =>
        budgets.map(({ quota, windows }) => ({
          workspace,
          window: quota.window as BudgetWindow,
          budgetNanos: quota.limit,
          windows: [...windows.values()].sort(byName),
        })),
      ),
  };
}

/** Names of windows sort as their times do. */
export function byName(one: WindowSpend, other: WindowSpend): number {
  return one.windowName < other.windowName ? -1 : 1;
}
