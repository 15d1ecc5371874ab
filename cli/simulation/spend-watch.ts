import type { Alert } from '../../governance/alerts/alert.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import { closedWindows } from '../../governance/spend/closed-windows.js';
import { judgeSpend } from '../../governance/spend/judge-spend.js';
import { markSent, NO_ALERTS, type SpendState } from '../../governance/spend/spend-state.js';
import type { MeteredQuota, WorkspaceSpend } from '../../governance/spend/workspace-spend.js';
import type { QuotaLedger } from './quota-ledger.js';

/** The spend monitor, which checks every budget four times an hour. */
export interface SpendWatch {
  /** Makes all checks that are due by an instant. */
  checkUntil(at: Date): void;
  readonly alerts: readonly Alert[];
}

export const CHECK_EVERY_MS = 15 * 60_000;

/** After this time without a request all windows are new ones, and no alert is due. */
const ALERTS_FOR_MS = 32 * 86_400_000;

export function createSpendWatch(
  policy: Policy,
  ledger: Pick<QuotaLedger, 'usedAt'>,
  start: Date,
): SpendWatch {
  const { alerts, judge, stateOf } = createSpendAlerts(policy);
  const watched = policy.workspaces
    .map((workspace) => ({ workspace, quotas: moneyQuotasOf(policy, workspace) }))
    .filter(({ quotas }) => quotas.length > 0);
  let nextMs = Math.ceil(start.getTime() / CHECK_EVERY_MS) * CHECK_EVERY_MS;

  function metered(quotas: readonly Quota[], at: Date): MeteredQuota[] {
    return quotas.map((quota) => ({ quota, settled: ledger.usedAt(quota, at) }));
  }

  function check(now: Date): void {
    for (const { workspace, quotas } of watched) {
      const facts = { isMetered: true, billed: undefined };
      const closed = closedWindows(quotas, stateOf(workspace.name), now).map((ended) => {
        return { ...facts, at: ended.at, budgets: metered(ended.quotas, ended.at) };
      });
      const budgets = metered(quotas, now);
      judge({ workspace, ...facts, budgets, closed, dayBefore: undefined }, now);
    }
  }

  return {
    alerts,
    checkUntil(at) {
      const dueMs = Math.floor(at.getTime() / CHECK_EVERY_MS) * CHECK_EVERY_MS;
      const idleMs = nextMs + ALERTS_FOR_MS;
      for (; nextMs <= dueMs; nextMs += CHECK_EVERY_MS) {
        if (nextMs > idleMs) nextMs = dueMs;
        check(new Date(nextMs));
      }
    },
  };
}

/** The alerts of the spend monitor, which remembers those that it has sent. */
export function createSpendAlerts({ mistral: { currency }, alerts: { spendThresholds } }: Policy) {
  const rules = { thresholds: spendThresholds, quotaTableName: '<quota table>' };
  const states = new Map<string, SpendState>();
  const alerts: Alert[] = [];
  const stateOf = (workspace: string) => states.get(workspace) ?? NO_ALERTS;
  return {
    alerts,
    stateOf,
    judge(spend: Omit<WorkspaceSpend, 'currency'>, now: Date): void {
      const { name } = spend.workspace;
      const { pending, state } = judgeSpend({ ...spend, currency }, stateOf(name), rules, now);
      alerts.push(...pending.map(({ alert }) => alert));
      states.set(name, markSent(state, pending, now));
    },
  };
}
