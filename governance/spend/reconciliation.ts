import { addDays, HOUR_MS, startOfDay, utcDay } from '../platform/utc-day.js';
import { windowEnd, windowName, windowStart } from '../quotas/quota-window.js';
import {
  type ReconciliationDrift,
  reconciliationDrift,
  spendUnreadable,
} from './alerts/reconciliation-alerts.js';
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

/**
 * Compares what was metered and billed of the day before, or of the month until then. Mistral bills what
 * overflows to the workspace whose key sends it: so what a workspace borrowed is left out, and what it
 * lent is in both sums.
 */
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
  const opened = openingNanos(state, now);
  const ownNanos = opened === undefined ? undefined : opened - (state.opening?.borrowedNanos ?? 0);
  const meteredNanos = isOver ? dayBefore.monthMeteredNanos : ownNanos;
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

const UNREADABLE = 'unreadable';

/**
 * Whether to report that Mistral's usage report cannot be read, and for which workspaces: after an
 * hour, since a short outage passes by itself, then once a day.
 */
export function judgeReports(
  reasons: ReadonlyMap<string, string>,
  state: SpendState,
  functionName: string,
  now: Date,
): SpendVerdict {
  if (reasons.size === 0) {
    const { unreadableSince: _, ...rest } = state;
    return { pending: [], state: rest };
  }
  const unreadableSince = state.unreadableSince ?? now.toISOString();
  const since = new Date(unreadableSince);
  const after = { ...state, unreadableSince };
  const isLong = now.getTime() - since.getTime() >= HOUR_MS;
  if (!isLong || wasSent(state, UNREADABLE, now)) return { pending: [], state: after };
  const alert = spendUnreadable({ reasons, since, functionName, at: now });
  const marks = [{ key: UNREADABLE, until: windowEnd('day', now) }];
  return { pending: [{ alert, marks }], state: after };
}
