import type { Policy } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import type { BilledSpend } from '../../governance/spend/billed-spend.js';
import type { WorkspaceSpend } from '../../governance/spend/workspace-spend.js';
import { aPolicy } from './builders.js';

export const USD = 1_000_000_000;

/** Spend of a workspace by budget window, in nano-units. */
export type ByWindow = Partial<Record<Quota['window'], number>>;

export function aBill(change: Partial<BilledSpend> = {}): BilledSpend {
  return {
    currency: 'USD',
    totalNanos: 0,
    nanosByDay: new Map(),
    byModel: [],
    unpriced: [],
    unreadable: [],
    ...change,
  };
}

/** The spend of a workspace of the shipped policy, behind the gateway. */
export function aSpend(
  name: string,
  metered: ByWindow = {},
  change: Partial<WorkspaceSpend> = {},
  policy: Policy = aPolicy(),
): WorkspaceSpend {
  const workspace = policy.workspaces.find((one) => one.name === name);
  if (!workspace) throw new Error(`the policy has no workspace ${name}`);
  return {
    workspace,
    currency: policy.mistral.currency,
    budgets: moneyQuotasOf(policy, workspace).map((quota) => ({
      quota,
      settled: metered[quota.window] ?? 0,
    })),
    isMetered: true,
    billed: aBill(),
    dayBefore: undefined,
    closed: [],
    ...change,
  };
}
