import type { Alert } from '../alerts/alert.js';
import { windowEnd, windowName } from '../quotas/quota-window.js';
import { isBounded } from '../quotas/workspace-quotas.js';
import {
  budgetExhausted,
  isExhausted,
  requestRefused,
  spendForecast,
  spendThreshold,
} from './alerts/budget-alerts.js';
import { overflowLent } from './alerts/overflow-alerts.js';
import {
  spendRowsUnreadable,
  spendUnpriced,
  type UncountedUsage,
} from './alerts/reconciliation-alerts.js';
import type { UnpricedUsage, UnreadableUsage } from './billed-spend.js';
import { rememberedUntil } from './closed-windows.js';
import { noteSpend } from './note-spend.js';
import { judgeReconciliation } from './reconciliation.js';
import { type SpendOutlook, spendOutlook } from './spend-forecast.js';
import { budgetRow } from './spend-row.js';
import {
  budgetKey,
  type Mark,
  type PendingAlert,
  type SpendState,
  type SpendVerdict,
  wasSent,
} from './spend-state.js';
import { billedInWindow, type SpendStatus, spendStatus } from './spend-status.js';
import { openDay, type WorkspaceSpend } from './workspace-spend.js';

export interface SpendJudgement extends SpendVerdict {
  /** One for each budget of the workspace, in its present window. */
  readonly statuses: readonly SpendStatus[];
}

export interface SpendRules {
  /** In percent of a budget, ascending. */
  readonly thresholds: readonly number[];
  /** Named in the commands of alerts. */
  readonly quotaTableName: string;
}

/** What on-call is to be notified of about a workspace's spend now, given what was sent before. */
export function judgeSpend(
  spend: WorkspaceSpend,
  before: SpendState,
  rules: SpendRules,
  now: Date,
): SpendJudgement {
  const reconciled = judgeReconciliation(spend, openDay(spend, before, now), now);
  const noted = noteSpend(spend, before, noteBudgets(spend, reconciled.state, now), now);
  const { state, todayNanos } = noted;
  const outlook =
    todayNanos === undefined ? undefined : spendOutlook(state.history ?? {}, todayNanos, now);
  const statuses = statusesOf(spend, rules, now, outlook);
  // What past windows reached since they were last checked is reported too, but for a forecast.
  const closed = spend.closed.map((one) => ({ ...spend, ...one }));
  const pastMonths = new Map(closed.map((one) => [windowName('month', one.at), one]));
  pastMonths.delete(windowName('month', now));
  return {
    statuses,
    pending: [
      ...closed.flatMap((one) =>
        statusesOf(one, rules, one.at, undefined).flatMap((status) =>
          budgetAlerts(one, status, state, rules, now),
        ),
      ),
      ...statuses.flatMap((status) => budgetAlerts(spend, status, state, rules, now)),
      ...lentAlerts(spend, state, rules, now),
      ...[...pastMonths.values()].flatMap((one) => uncountedAlerts(one, one.at, state, now)),
      ...uncountedAlerts(spend, now, state, now),
      ...reconciled.pending,
    ],
    state,
  };
}

/** The limits of the present days and months: they are judged again after they ended. */
function noteBudgets({ budgets }: WorkspaceSpend, state: SpendState, now: Date): SpendState {
  const kept = Object.entries(state.budgets ?? {}).filter(([, { until }]) => {
    return until > now.toISOString();
  });
  const noted = budgets.flatMap(({ quota }) => {
    const { window, limit } = quota;
    if (window !== 'day' && window !== 'month') return [];
    const until = rememberedUntil(window, now).toISOString();
    return [[budgetKey(quota, windowName(window, now)), { limitNanos: limit, until }] as const];
  });
  if (kept.length + noted.length === 0) return state;
  return { ...state, budgets: { ...Object.fromEntries(kept), ...Object.fromEntries(noted) } };
}

function statusesOf(
  { budgets, billed }: WorkspaceSpend,
  { thresholds }: SpendRules,
  at: Date,
  outlook: SpendOutlook | undefined,
): SpendStatus[] {
  return budgets.map(({ quota, settled: meteredNanos, borrowed: borrowedNanos, refused }) => {
    const billedNanos = billed && billedInWindow(billed, quota.window, at);
    const money = { meteredNanos, billedNanos, borrowedNanos, refusedNanos: refused };
    const facts = { quota, ...money, outlook };
    return spendStatus(facts, thresholds, at);
  });
}

/** At most one alert about a budget: that it is exhausted, or was for a request, or the highest threshold, or a forecast. */
function budgetAlerts(
  spend: WorkspaceSpend,
  status: SpendStatus,
  state: SpendState,
  rules: SpendRules,
  now: Date,
): PendingAlert[] {
  const { quota, windowName, reached, spentNanos, meteredNanos, refusedNanos, forecast } = status;
  const until = rememberedUntil(quota.window, new Date(status.resetsAt.getTime() - 1));
  const mark = (what: string | number): Mark => ({
    key: `${budgetKey(quota, windowName)}#${what}`,
    until,
  });
  const isNew = ({ key }: Mark) => !wasSent(state, key, now);
  const context = {
    ...budgetRow(spend, status),
    resetsAt: status.resetsAt,
    limitNanos: quota.limit,
    refusedNanos,
    byModel: spend.billed?.byModel ?? [],
    quotaTableName: rules.quotaTableName,
    at: now,
  };
  const crossed = reached.filter((percent) => isNew(mark(percent)));
  const marks = crossed.map(mark);
  const exhausted = mark('exhausted');
  const isOver =
    spentNanos >= quota.limit || (spend.isMetered && isExhausted(meteredNanos, quota.limit));

  if (isOver && isNew(exhausted)) {
    return [{ alert: budgetExhausted(context), marks: [...marks, exhausted] }];
  }
  const refused = mark('refused');
  if (!isOver && refusedNanos !== undefined && isNew(refused)) {
    return [{ alert: requestRefused({ ...context, refusedNanos }), marks: [...marks, refused] }];
  }
  // An exhausted budget stands for its last thresholds too, whichever comes first.
  const highest = crossed.filter((percent) => !isOver || percent > 100).at(-1);
  if (highest !== undefined) return [{ alert: spendThreshold(context, highest), marks }];
  const ahead = { ...mark('forecast'), until: windowEnd('day', now) };
  if (isOver || forecast?.kind !== 'runs-out' || !isNew(ahead)) return [];
  return [{ alert: spendForecast(context, forecast.at), marks: [ahead] }];
}

/** At most one alert about what a workspace lends today: that nothing is left, or the highest threshold. */
function lentAlerts(
  { workspace: { name: workspace }, currency, lent }: WorkspaceSpend,
  state: SpendState,
  { thresholds }: SpendRules,
  now: Date,
): PendingAlert[] {
  if (!lent || !isBounded(lent.quota)) return [];
  const { quota, settled: lentNanos, borrowers } = lent;
  const facts = { quota, meteredNanos: lentNanos, billedNanos: undefined, outlook: undefined };
  const { reached, windowName: day, resetsAt } = spendStatus(facts, thresholds, now);
  const context = { workspace, borrowers, currency, lentNanos, limitNanos: quota.limit, day };
  const mark = (what: number | 'out'): Mark => ({
    key: `lent#${budgetKey(quota, day)}#${what}`,
    until: rememberedUntil('day', now),
  });
  const isNew = ({ key }: Mark) => !wasSent(state, key, now);
  const marks = reached.map(mark).filter(isNew);
  const out = mark('out');
  if (isExhausted(lentNanos, quota.limit)) {
    if (!isNew(out)) return [];
    return [{ alert: overflowLent({ ...context, resetsAt, at: now }), marks: [...marks, out] }];
  }
  const percent = reached.at(-1);
  if (percent === undefined || marks.length === 0) return [];
  return [{ alert: overflowLent({ ...context, resetsAt, at: now }, percent), marks }];
}

/** Once for each month and kind of usage: what has no price today rarely has one tomorrow. */
function uncountedAlerts(
  { billed, workspace: { name: workspace } }: WorkspaceSpend,
  at: Date,
  state: SpendState,
  now: Date,
): PendingAlert[] {
  if (!billed) return [];
  const month = windowName('month', at);
  const context = { workspace, month, at: now };
  const until = rememberedUntil('month', at);
  function pending<Usage extends UnpricedUsage | UnreadableUsage>(
    what: string,
    usage: readonly Usage[],
    alertOf: (usage: UncountedUsage<Usage>) => Alert,
  ): PendingAlert[] {
    const keys = usage.map(({ category, billingMetric, billingGroup }) =>
      [what, month, category, billingMetric, billingGroup].join('#'),
    );
    const marks = [...new Set(keys)]
      .filter((key) => !wasSent(state, key, now))
      .map((key) => ({ key, until }));
    return marks.length > 0 ? [{ alert: alertOf({ ...context, usage }), marks }] : [];
  }
  return [
    ...pending('unpriced', billed.unpriced, spendUnpriced),
    ...pending('unreadable', billed.unreadable, spendRowsUnreadable),
  ];
}
