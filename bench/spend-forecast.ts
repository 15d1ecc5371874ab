import { join } from 'node:path';
import { simulate } from '../cli/simulation/simulate.js';
import type { UsageLine } from '../cli/simulation/usage-file.js';
import { addDays, DAY_MS, HOUR_MS, MINUTE_MS, startOfDay } from '../governance/platform/utc-day.js';
import { loadPolicy } from '../governance/policy/load-policy.js';
import type { Policy, Workspace } from '../governance/policy/policy.js';
import type { Quota } from '../governance/quotas/quota.js';
import { judgeSpend } from '../governance/spend/judge-spend.js';
import type { SpendHistory } from '../governance/spend/spend-history.js';
import { markSent, NO_ALERTS, type SpendState } from '../governance/spend/spend-state.js';
import {
  DAYS_BEFORE,
  SPEND_PATTERNS,
  type SpendMonth,
  type SpendPattern,
  spendMonth,
} from '../testing/spend-months.js';
import { atLeast, atMost, type Benchmark, type Figure, withoutAim } from './figure.js';

const MONTHS_OF_EACH = 25;
const SEEDS = Array.from({ length: MONTHS_OF_EACH }, (_, index) => index + 1);

const OVERRUN_PERCENT = 110;
const NOTICE_MS = 2 * DAY_MS;
// What was never there before is distinguished from a single busy day after three days.
const LEARNED_MS = 3 * DAY_MS;

export interface ForecastTrial {
  readonly month: SpendMonth;
  readonly usedPercent: number;
  /** The first alert that the budget will run out; none is looked for once it has. */
  readonly alertAt: Date | undefined;
  readonly runsOutAt: Date | undefined;
}

/** How the forecasts of the spend monitor do on months of which the end is known. */
export const benchSpendForecast: Benchmark = async (progress) => {
  const policy = loadPolicy(join(import.meta.dirname, '..', 'governance.yaml'));
  const trials = SPEND_PATTERNS.flatMap((pattern) => {
    progress(`${MONTHS_OF_EACH} months, ${pattern}`);
    return trialsOf(policy, pattern);
  });
  const simulated: ForecastTrial[] = [];
  for (const pattern of SPEND_PATTERNS) {
    progress(`${MONTHS_OF_EACH} months through simulate, ${pattern}`);
    const months = trials.filter(({ month }) => month.pattern === pattern);
    for (const trial of months) simulated.push(await simulateMonth(policy, trial));
  }
  return [...figuresOf(trials), ...figuresOf(simulated, 'simulated-forecast')];
};

/** The months of these seeds. */
export function trialsOf(
  policy: Policy,
  pattern: SpendPattern,
  seeds: readonly number[] = SEEDS,
): ForecastTrial[] {
  return seeds.map((seed) => tryMonth(policy, spendMonth(pattern, seed)));
}

/**
 * Two days' notice has an aim where all that was spent is known: `simulate` also refuses in the months
 * before what the budget did not allow, which leaves gaps in the pattern.
 */
export function figuresOf(
  trials: readonly ForecastTrial[],
  of: 'forecast' | 'simulated-forecast' = 'forecast',
): Figure[] {
  const lasting = trials.filter(({ runsOutAt }) => runsOutAt === undefined);
  const falseAlarms = lasting.filter(({ alertAt }) => alertAt !== undefined);
  const owed = trials.filter(isNoticeOwed);
  const notice = {
    name: `${of}/two-days-notice`,
    value: (owed.filter(hasNotice).length / owed.length) * 100,
    unit: `% of ${owed.length} months over 110 % of their budget`,
  };
  return [
    withoutAim({ name: `${of}/months`, value: trials.length, unit: 'months' }),
    atMost(5, {
      name: `${of}/false-alarms`,
      value: (falseAlarms.length / lasting.length) * 100,
      unit: `% of ${lasting.length} months within their budget`,
    }),
    of === 'forecast' ? atLeast(95, notice) : withoutAim(notice),
  ];
}

function isNoticeOwed({ usedPercent, runsOutAt, month: { changesAt } }: ForecastTrial): boolean {
  if (runsOutAt === undefined || usedPercent <= OVERRUN_PERCENT) return false;
  const known = changesAt && changesAt.getTime() + LEARNED_MS + NOTICE_MS;
  return known === undefined || runsOutAt.getTime() >= known;
}

function hasNotice({ alertAt, runsOutAt }: ForecastTrial): boolean {
  return alertAt !== undefined && Number(runsOutAt) - alertAt.getTime() >= NOTICE_MS;
}

/** Lets the spend monitor's own code judge every third hour of the month, ten minutes after it began. */
export function tryMonth(policy: Policy, month: SpendMonth): ForecastTrial {
  const workspace = policy.workspaces[0] as Workspace;
  const quota: Quota = { scope: 'a', unit: 'usd', window: 'month', limit: month.budgetNanos };
  const rules = { thresholds: [], quotaTableName: 'quotas' };
  const firstMs = startOfDay(`${month.month}-01`).getTime();
  const hours = month.hours.slice(DAYS_BEFORE * 24);
  let state: SpendState = { ...NO_ALERTS, history: historyOf(month) };
  let spent = 0;
  let alertAt: Date | undefined;
  let runsOutAt: Date | undefined;

  for (const [hour, nanos] of hours.entries()) {
    const now = new Date(firstMs + hour * HOUR_MS + 10 * MINUTE_MS);
    if (hour % 3 === 0 && alertAt === undefined && runsOutAt === undefined) {
      const spend = {
        workspace,
        currency: 'USD' as const,
        budgets: [{ quota, settled: spent }],
        isMetered: true,
        billed: undefined,
        dayBefore: undefined,
        closed: [],
      };
      const judged = judgeSpend(spend, state, rules, now);
      state = markSent(judged.state, judged.pending, now);
      const isForecast = judged.pending.some(({ alert }) => alert.type === 'spend-forecast');
      if (isForecast) alertAt = now;
    }
    spent += nanos;
    if (runsOutAt === undefined && spent >= month.budgetNanos) runsOutAt = now;
  }
  return { month, usedPercent: (spent / month.budgetNanos) * 100, alertAt, runsOutAt };
}

function historyOf({ firstDay, hours }: SpendMonth): SpendHistory {
  const days = Array.from({ length: DAYS_BEFORE }, (_, index) => {
    const ofDay = hours.slice(index * 24, (index + 1) * 24);
    return [addDays(firstDay, index), ofDay.map((nanos) => Math.round(nanos / 1_000))];
  });
  return Object.fromEntries(days);
}

/** Nano-units of a prompt's token: fine enough for any hour, coarse enough for any context. */
const NANOS_PER_TOKEN = 1_000_000;
const SIMULATED_MODEL = 'mistral-large-2512';
const SIMULATED_CALLER = 'arn:aws:iam::111122223333:role/platform-admin';

/**
 * The same month, and the weeks before it, as one request an hour through `simulate`: it refuses what
 * the budget does not allow, in the months before as well, and judges what it let pass.
 */
export async function simulateMonth(policy: Policy, trial: ForecastTrial): Promise<ForecastTrial> {
  const { month, runsOutAt } = trial;
  const { alerts } = await simulate(simulatedPolicy(policy, month), requestsOf(month));
  const inMonth = alerts.find(
    ({ type, at }) =>
      type === 'spend-forecast' &&
      at.toISOString().startsWith(month.month) &&
      (runsOutAt === undefined || at < runsOutAt),
  );
  return { ...trial, alertAt: inMonth?.at };
}

function simulatedPolicy(policy: Policy, { budgetNanos }: SpendMonth): Policy {
  const caller = policy.callers.find(({ principal }) => principal === SIMULATED_CALLER);
  const inputPerMillionTokens = NANOS_PER_TOKEN / 1_000;
  return {
    ...policy,
    prices: { ...policy.prices, models: { [SIMULATED_MODEL]: { inputPerMillionTokens } } },
    workspaces: policy.workspaces.map((workspace) => {
      const isOwn = workspace.name === caller?.workspace;
      return { ...workspace, budgets: isOwn ? { monthlyUsd: budgetNanos / 1e9 } : {} };
    }),
  };
}

async function* requestsOf({ firstDay, hours }: SpendMonth): AsyncGenerator<UsageLine> {
  const firstMs = startOfDay(firstDay).getTime();
  for (const [hour, nanos] of hours.entries()) {
    const promptTokens = Math.round(nanos / NANOS_PER_TOKEN);
    if (promptTokens === 0) continue;
    const record = {
      at: new Date(firstMs + (hour + 0.5) * HOUR_MS),
      caller: SIMULATED_CALLER,
      model: SIMULATED_MODEL,
      endpoint: 'chat' as const,
      promptTokens,
      cachedTokens: 0,
      completionTokens: 0,
      maxTokens: 1,
      pages: 0,
      audioSeconds: 0,
      priority: false,
    };
    yield { kind: 'record', line: hour + 1, record };
  }
}
