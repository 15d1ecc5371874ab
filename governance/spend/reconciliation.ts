import { addDays, HOUR_MS, startOfDay, utcDay } from '../platform/utc-day.js';
import { windowEnd, windowName, windowStart } from '../quotas/quota-window.js';
import { type ReconciliationDrift, reconciliationDrift } from './alerts/reconciliation-alerts.js';
import type { BilledSpend } from './billed-spend.js';
import { type Mark, markSent, type SpendState, type SpendVerdict, wasSent } from './spend-state.js';
import { isFirstOfMonth, openingNanos, type WorkspaceSpend } from './workspace-spend.js';

// Mistral's report of a day may come late; by then it is complete.
const SETTLED_AFTER_MS = 6 * HOUR_MS;

// Of the larger sum, since a dropped stream is metered by an estimate; and a cent in any case.
const TOLERATED_PERCENT = 5;
const TOLERATED_NANOS = 10_000_000;

/** Whether metered and billed differ by more than estimates and rounding explain. */
export function hasDrift(meteredNanos: number, billedNanos: number): boolean {
  const share = (Math.max(billedNanos, meteredNanos) * TOLERATED_PERCENT) / 100;
  return Math.abs(billedNanos - meteredNanos) > Math.max(TOLERATED_NANOS, share);
}

/** Whether to reconcile the day before now: once, and not before Mistral's report is complete. */
export function isReconciliationDue(state: SpendState, now: Date): boolean {
  const sinceMidnight = now.getTime() - windowStart('day', now).getTime();
  return sinceMidnight >= SETTLED_AFTER_MS && !wasSent(state, reconciledMark(now).key, now);
}

/** Compares what was metered and billed of the day before, or of the month until then. */
export function judgeReconciliation(
  spend: WorkspaceSpend,
  state: SpendState,
  now: Date,
): SpendVerdict {
  const sums = sumsOf(spend, state, now);
  if (!sums) return { pending: [], state };
  const { mark, ...compared } = sums;
  const done = reconciledMark(now);
  if (!hasDrift(sums.meteredNanos, sums.billedNanos) || wasSent(state, mark.key, now)) {
    return { pending: [], state: markSent(state, [{ marks: [done] }], now) };
  }
  const { workspace, currency } = spend;
  const alert = reconciliationDrift({ workspace: workspace.name, currency, ...compared, at: now });
  return { pending: [{ alert, marks: [mark, done] }], state };
}

interface Sums extends Pick<ReconciliationDrift, 'period' | 'meteredNanos' | 'billedNanos'> {
  readonly mark: Mark;
}

/** `undefined` where one of both is not known. A month's sum stays wrong, so it is reported once. */
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
  const isOver = isFirstOfMonth(now);
  const meteredNanos = isOver ? dayBefore.monthMeteredNanos : openingNanos(state, now);
  if (meteredNanos === undefined) return undefined;
  const month = windowName('month', startOfDay(yesterday));
  return {
    period: isOver ? month : `${month} until ${yesterday}`,
    meteredNanos,
    billedNanos: isOver ? billed.totalNanos : billedUntil(billed, yesterday),
    mark: { key: `drift#${month}`, until: windowEnd('month', now) },
  };
}

function billedUntil(billed: BilledSpend, day: string): number {
  return [...billed.nanosByDay].reduce((sum, [on, nanos]) => (on <= day ? sum + nanos : sum), 0);
}

function reconciledMark(now: Date): Mark {
  return { key: `reconciled#${addDays(utcDay(now), -1)}`, until: windowEnd('day', now) };
}
