import { spendUnpriced } from '../alerts/billed-unclear.js';
import { budgetExhausted } from '../alerts/budget-exhausted.js';
import { spendForecast } from '../alerts/spend-forecast.js';
import { type BudgetStory, type BudgetWindow, isUsedUp } from '../alerts/spend-story.js';
import { spendThreshold } from '../alerts/spend-threshold.js';
import { windowEnd } from '../quota-window.js';
import { dearestModels } from './dearest-models.js';
import { judgeReconciliation } from './judge-reconciliation.js';
import { hasTold, type Mark, type SpendState, type Telling } from './spend-state.js';
import { billedInWindow, type SpendStatus, spendStatus } from './spend-status.js';
import { openDay, openingNanos, spentToday, type WorkspaceSpend } from './workspace-spend.js';

export interface SpendJudgement {
  /** One for each budget of the workspace. */
  readonly statuses: readonly SpendStatus[];
  readonly tellings: readonly Telling[];
  /** To be remembered in any case. */
  readonly state: SpendState;
}

export interface SpendRules {
  readonly thresholds: readonly number[];
  readonly quotaTableName: string;
}

/** What is to be told about a workspace's spend now, given what was told before. */
export function judgeSpend(
  spend: WorkspaceSpend,
  before: SpendState,
  rules: SpendRules,
  now: Date,
): SpendJudgement {
  const opened = openDay(spend, before, now);
  const { tellings, state } = judgeReconciliation(spend, opened, now);
  const statuses = statusesOf(spend, state, rules, now);
  return {
    statuses,
    tellings: [
      ...statuses.flatMap((status) => tellingsOf(spend, status, state, rules, now)),
      ...unpricedTelling(spend, state, now),
      ...tellings,
    ],
    state,
  };
}

function statusesOf(
  spend: WorkspaceSpend,
  state: SpendState,
  { thresholds }: SpendRules,
  now: Date,
): SpendStatus[] {
  const todayNanos = spentToday(spend, openingNanos(state, now), now);
  const told = new Set(Object.keys(state.told).filter((key) => hasTold(state, key, now)));
  return spend.budgets.map(({ quota, nanos }) => {
    const billedNanos = spend.billed && billedInWindow(spend.billed, quota.window, now);
    const facts = { quota, meteredNanos: nanos, billedNanos, todayNanos };
    return spendStatus(facts, thresholds, told, now);
  });
}

/** At most one alert about a budget: that it is used up, or the highest threshold, or a forecast. */
function tellingsOf(
  spend: WorkspaceSpend,
  status: SpendStatus,
  state: SpendState,
  rules: SpendRules,
  now: Date,
): Telling[] {
  const { quota, windowName, resetsAt, newlyCrossed, spentNanos, forecast } = status;
  const story = () => storyOf(spend, status, rules, now);
  const crossed = newlyCrossed.map(({ key }) => ({ key, until: resetsAt }));
  const exhausted = `${quota.scope}#${quota.unit}#${windowName}#exhausted`;
  const isOver =
    spentNanos >= quota.limit || (spend.isMetered && isUsedUp(status.meteredNanos, quota.limit));

  if (isOver && !hasTold(state, exhausted, now)) {
    const marks = [...crossed, { key: exhausted, until: resetsAt }];
    return [{ alert: budgetExhausted(story()), marks }];
  }
  // That a budget is used up stands for its last thresholds too, whichever comes first.
  const highest = newlyCrossed.filter(({ percent }) => !isOver || percent > 100).at(-1);
  if (highest) {
    const alert = spendThreshold({ ...story(), percent: highest.percent });
    return [{ alert, marks: crossed }];
  }
  const ahead = `${quota.scope}#${quota.unit}#${windowName}#forecast`;
  if (isOver || forecast?.kind !== 'runs-out' || hasTold(state, ahead, now)) return [];
  const alert = spendForecast({ ...story(), endsAt: forecast.at });
  return [{ alert, marks: [{ key: ahead, until: windowEnd('day', now) }] }];
}

function storyOf(
  spend: WorkspaceSpend,
  { quota, windowName, resetsAt, spentNanos, meteredNanos, billedNanos }: SpendStatus,
  { quotaTableName }: SpendRules,
  at: Date,
): BudgetStory {
  return {
    workspace: spend.workspace.name,
    window: quota.window as BudgetWindow,
    windowName,
    resetsAt,
    currency: spend.currency,
    limitNanos: quota.limit,
    spentNanos,
    meteredNanos: spend.isMetered ? meteredNanos : undefined,
    billedNanos,
    dearestModels: spend.usage ? dearestModels(spend.usage) : [],
    quotaTableName,
    at,
  };
}

/** Once a month for each kind of usage: what has no price today seldom has one tomorrow. */
function unpricedTelling(
  { billed, workspace }: WorkspaceSpend,
  state: SpendState,
  now: Date,
): Telling[] {
  const until = windowEnd('month', now);
  const marks = new Map<string, Mark>();
  for (const { category, billingMetric, billingGroup } of billed?.unpriced ?? []) {
    const key = `unpriced#${category}#${billingMetric}#${billingGroup}`;
    if (!hasTold(state, key, now)) marks.set(key, { key, until });
  }
  if (!billed || marks.size === 0) return [];
  const alert = spendUnpriced({ workspace: workspace.name, rows: billed.unpriced, at: now });
  return [{ alert, marks: [...marks.values()] }];
}
