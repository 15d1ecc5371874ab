import type { Alert } from '../../governance/alerts/alert.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import { closedWindows } from '../../governance/spend/closed-windows.js';
import { judgeSpend } from '../../governance/spend/judge-spend.js';
import { markSent, NO_ALERTS, type SpendState } from '../../governance/spend/spend-state.js';
import type { MeteredQuota } from '../../governance/spend/workspace-spend.js';
import type { QuotaLedger } from './quota-ledger.js';

/** The spend monitor, which looks at every budget four times an hour. */
export interface SpendWatch {
  /** All looks before an instant that were not taken yet. */
  lookUntil(at: Date): void;
  readonly alerts: readonly Alert[];
}

export const LOOK_EVERY_MS = 15 * 60_000;

/** After so long without a request every window is another one, and there is nothing to tell. */
const NEWS_FOR_MS = 32 * 86_400_000;

export function createSpendWatch(
  policy: Policy,
  ledger: Pick<QuotaLedger, 'usedAt'>,
  start: Date,
): SpendWatch {
  const { currency } = policy.mistral;
  const rules = { thresholds: policy.alerts.spendThresholds, quotaTableName: '<quota table>' };
  const watched = policy.workspaces
    .map((workspace) => ({
      workspace,
      quotas: moneyQuotasOf(policy, workspace),
    }))
    .filter(({ quotas }) => quotas.length > 0);
  const states = new Map<string, SpendState>();
  const alerts: Alert[] = [];
  let nextMs = Math.ceil(start.getTime() / LOOK_EVERY_MS) * LOOK_EVERY_MS;

  function metered(quotas: readonly Quota[], at: Date): MeteredQuota[] {
    return quotas.map((quota) => ({ quota, nanos: ledger.usedAt(quota, at) }));
  }

  function look(now: Date): void {
    for (const { workspace, quotas } of watched) {
      const ended = closedWindows(quotas, now);
      const facts = { isMetered: true, billed: undefined };
      const closed = ended && { ...facts, at: ended.at, budgets: metered(ended.quotas, ended.at) };
      const budgets = metered(quotas, now);
      const spend = { workspace, currency, ...facts, budgets, closed, dayBefore: undefined };
      const before = states.get(workspace.name) ?? NO_ALERTS;
      const { pending, state } = judgeSpend(spend, before, rules, now);
      alerts.push(...pending.map(({ alert }) => alert));
      states.set(workspace.name, markSent(state, pending, now));
    }
  }

  return {
    alerts,
    lookUntil(at) {
      const dueMs = Math.floor(at.getTime() / LOOK_EVERY_MS) * LOOK_EVERY_MS;
      const idleMs = nextMs + NEWS_FOR_MS;
      for (; nextMs <= dueMs; nextMs += LOOK_EVERY_MS) {
        if (nextMs > idleMs) nextMs = dueMs;
        look(new Date(nextMs));
      }
    },
  };
}
