import { windowEnd } from '../quotas/quota-window.js';
import { spendUnpriced } from './alerts/billed-unclear.js';
import { budgetExhausted } from './alerts/budget-exhausted.js';
import { spendForecast } from './alerts/spend-forecast.js';
import { type BudgetStory, type BudgetWindow, isUsedUp } from './alerts/spend-story.js';
import { spendThreshold } from './alerts/spend-threshold.js';
import { toldUntil } from './closed-windows.js';
import { dearestModels } from './dearest-models.js';
import { judgeReconciliation } from './judge-reconciliation.js';
import { hasTold, type Mark, type SpendState, type Telling } from './spend-state.js';
import { billedInWindow, type SpendStatus, spendStatus } from './spend-status.js';
import { openDay, openingNanos, spentToday, type WorkspaceSpend } from './workspace-spend.js';

export interface SpendJudgement {
  /** One for each budget of the workspace, in its present window. */
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
  const todayNanos = spentToday(spend, openingNanos(state, now), now);
  const statuses = statusesOf(spend, { todayNanos, at: now }, toldKeys(state, now), rules);
  return {
    statuses,
    tellings: [
      ...closedTellings(spend, state, rules, now),
      ...statuses.flatMap((status) => tellingsOf(spend, status, state, rules, now)),
      ...unpricedTelling(spend, state, now),
      ...tellings,
    ],
    state,
  };
}

function toldKeys(state: SpendState, now: Date): ReadonlySet<string> {
  return new Set(Object.keys(state.told).filter((key) => hasTold(state, key, now)));
}

interface Instant {
  readonly at: Date;
  readonly todayNanos: number | undefined;
}

function statusesOf(
  { budgets, billed }: WorkspaceSpend,
  { at, todayNanos }: Instant,
  told: ReadonlySet<string>,
  { thresholds }: SpendRules,
): SpendStatus[] {
  return budgets.map(({ quota, nanos }) => {
    const billedNanos = billed && billedInWindow(billed, quota.window, at);
    const facts = { quota, meteredNanos: nanos, billedNanos, todayNanos };
    return spendStatus(facts, thresholds, told, at);
  });
}

/** What windows reached after the last look at them, told like the rest but for a forecast. */
function closedTellings(
  spend: WorkspaceSpend,
  state: SpendState,
  rules: SpendRules,
  now: Date,
): Telling[] {
  if (!spend.closed) return [];
  const { at, ...facts } = spend.closed;
  const atItsEnd = { ...spend, ...facts };
  const instant = { at, todayNanos: undefined };
  const statuses = statusesOf(atItsEnd, instant, toldKeys(state, now), rules);
  return statuses.flatMap((status) => tellingsOf(atItsEnd, status, state, rules, now));
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
  const until = toldUntil(resetsAt);
  const story = () => storyOf(spend, status, rules, now);
  const crossed = newlyCrossed.map(({ key }) => ({ key, until }));
  const exhausted = `${quota.scope}#${quota.unit}#${windowName}#exhausted`;
  const isOver =
    spentNanos >= quota.limit || (spend.isMetered && isUsedUp(status.meteredNanos, quota.limit));

  if (isOver && !hasTold(state, exhausted, now)) {
    const marks = [...crossed, { key: exhausted, until }];
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
