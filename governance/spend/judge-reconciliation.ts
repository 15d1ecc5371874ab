import { addDays, type IsoDate, startOfDay, utcDay } from '../platform/utc-day.js';
import { windowEnd, windowName, windowStart } from '../quotas/quota-window.js';
import { reconciliationDrift } from './alerts/reconciliation-drift.js';
import type { BilledSpend } from './billed-spend.js';
import { reconcileSpend } from './reconcile-spend.js';
import { hasTold, type Mark, markTold, type SpendState, type Telling } from './spend-state.js';
import {
  billedUntil,
  isFirstOfMonth,
  openingNanos,
  type WorkspaceSpend,
} from './workspace-spend.js';

// Mistral's report of a day may come late; by then it is complete.
const SETTLED_AFTER_MS = 6 * 3_600_000;

/** Whether the day before is to be reconciled now: once, and not before Mistral's report is whole. */
export function isReconciliationDue(state: SpendState, now: Date): boolean {
  const sinceMidnight = now.getTime() - windowStart('day', now).getTime();
  return sinceMidnight >= SETTLED_AFTER_MS && !hasTold(state, reconciledMark(now).key, now);
}

export interface ReconciliationJudgement {
  readonly tellings: readonly Telling[];
  readonly state: SpendState;
}

/** Compares what was metered and billed of the day before, or of the month until then. */
export function judgeReconciliation(
  spend: WorkspaceSpend,
  state: SpendState,
  now: Date,
): ReconciliationJudgement {
  const sums = spend.dayBefore && sumsOf(spend, state, now);
  if (!sums) return { tellings: [], state };
  const { period, meteredNanos, billedNanos, mark } = sums;
  const done = reconciledMark(now);
  const verdict = reconcileSpend(meteredNanos, billedNanos);
  if (verdict.kind === 'fine' || hasTold(state, mark.key, now)) {
    return { tellings: [], state: markTold(state, [done], now) };
  }
  const alert = reconciliationDrift({
    workspace: spend.workspace.name,
    period,
    currency: spend.currency,
    meteredNanos,
    billedNanos,
    at: now,
  });
  return { tellings: [{ alert, marks: [mark, done] }], state };
}

interface Sums {
  readonly period: string;
  readonly meteredNanos: number;
  readonly billedNanos: number;
  readonly mark: Mark;
}

/** `undefined` where one of both is not known. */
function sumsOf(
  { isMetered, dayBefore }: WorkspaceSpend,
  state: SpendState,
  now: Date,
): Sums | undefined {
  const billed = dayBefore?.billed;
  if (!isMetered || !billed) return undefined;
  const yesterday = addDays(utcDay(now), -1);
  if (dayBefore.meteredNanos !== undefined) {
    return {
      period: yesterday,
      meteredNanos: dayBefore.meteredNanos,
      billedNanos: billed.nanosByDay.get(yesterday) ?? 0,
      mark: { key: `drift#${yesterday}`, until: windowEnd('day', now) },
    };
  }
  const monthNanos = isFirstOfMonth(now) ? dayBefore.monthMeteredNanos : openingNanos(state, now);
  return monthSums(monthNanos, billed, yesterday, now);
}

/** A month's sum stays wrong once it is, so it is told once. */
function monthSums(
  meteredNanos: number | undefined,
  billed: BilledSpend,
  yesterday: IsoDate,
  now: Date,
): Sums | undefined {
  if (meteredNanos === undefined) return undefined;
  const month = windowName('month', startOfDay(yesterday));
  const until = windowEnd('month', now);
  return {
    period: isFirstOfMonth(now) ? month : `${month} until ${yesterday}`,
    meteredNanos,
    billedNanos: isFirstOfMonth(now) ? billed.totalNanos : billedUntil(billed, yesterday),
    mark: { key: `drift#${month}`, until },
  };
}

function reconciledMark(now: Date): Mark {
  return { key: `reconciled#${addDays(utcDay(now), -1)}`, until: windowEnd('day', now) };
}
