import { HOUR_MS, utcDay } from '../platform/utc-day.js';
import type { Currency } from '../platform/wording.js';
import type { Workspace } from '../policy/policy.js';
import type { Quota } from '../quotas/quota.js';
import type { QuotaTotal } from '../quotas/quota-totals.js';
import { windowStart } from '../quotas/quota-window.js';
import type { BilledSpend } from './billed-spend.js';
import type { SpendState } from './spend-state.js';

/** The money of a quota that was used in one of its windows. */
export interface MeteredQuota extends Pick<QuotaTotal, 'quota' | 'settled' | 'refused'> {
  /** The part that was spent with the keys of other workspaces: Mistral bills it there. @default 0 */
  readonly borrowed?: number;
}

/** What other workspaces have spent with a workspace's key today, against what it lends. */
export interface LentSpend extends Pick<QuotaTotal, 'quota' | 'settled' | 'windowName'> {
  /** The workspaces that may overflow to it. */
  readonly borrowers: readonly string[];
}

/** What is known of a workspace's budgets in the windows around one instant. */
export interface SpendFigures {
  /** Its budgets with what was metered; that is zero where nothing meters. */
  readonly budgets: readonly MeteredQuota[];
  /** Whether gateway or client library count at all. */
  readonly isMetered: boolean;
  /** Mistral's report of the month; `undefined` where it could not be read. */
  readonly billed: BilledSpend | undefined;
}

/** Everything known about one workspace's spend at one instant. */
export interface WorkspaceSpend extends SpendFigures {
  readonly workspace: Workspace;
  readonly currency: Currency;
  /** `undefined` where no workspace overflows to it, or it could not be read. */
  readonly lent?: LentSpend | undefined;
  /** The day before, where it is to be reconciled now. */
  readonly dayBefore: DayBefore | undefined;
  /** Windows that ended and may still grow, with what stands in them now; the earliest first. */
  readonly closed: readonly ClosedSpend[];
}

export interface ClosedSpend extends SpendFigures {
  /** The last instant of the windows; `billed` is the report of its month. */
  readonly at: Date;
}

/** Without what was spent with the keys of others, which is in their reports. */
export interface DayBefore {
  /** What was metered in the day's own window, where the workspace has a daily budget. */
  readonly meteredNanos: number | undefined;
  /** What was metered in the month of that day, where it is over. */
  readonly monthMeteredNanos: number | undefined;
  /** Mistral's report of that day's month. */
  readonly billed: BilledSpend | undefined;
}

/** In the day's own counter, or what the month has more than when the day began. */
export function meteredToday(
  spend: WorkspaceSpend,
  openingNanos: number | undefined,
): number | undefined {
  const day = meteredIn(spend, 'day');
  if (day !== undefined) return day;
  const month = meteredIn(spend, 'month');
  return month !== undefined && openingNanos !== undefined ? month - openingNanos : undefined;
}

function meteredIn({ budgets }: WorkspaceSpend, window: Quota['window']): number | undefined {
  return budgets.find(({ quota }) => quota.window === window)?.settled;
}

/** What Mistral should have billed of it to the same workspace. */
export function meteredOwn({ settled, borrowed = 0 }: MeteredQuota): number {
  return settled - borrowed;
}

/**
 * Where only the month is metered, the first run of a day remembers what stood in it: later that can
 * no longer be known. A day whose first run comes too late for that goes without.
 */
export function openDay(spend: WorkspaceSpend, state: SpendState, now: Date): SpendState {
  const day = utcDay(now);
  const month = spend.budgets.find(({ quota }) => quota.window === 'month');
  const isMonthAlone = month !== undefined && meteredIn(spend, 'day') === undefined;
  if (!spend.isMetered || !isMonthAlone || state.opening?.day === day) return state;
  if (isFirstOfMonth(now)) return { ...state, opening: { day, meteredNanos: 0 } };
  const isEarly = now.getTime() - windowStart('day', now).getTime() < HOUR_MS;
  if (!isEarly) return state;
  const { settled: meteredNanos, borrowed: borrowedNanos } = month;
  return { ...state, opening: { day, meteredNanos, ...(borrowedNanos && { borrowedNanos }) } };
}

/** What was metered of the month when the day began, where that was remembered. */
export function openingNanos({ opening }: SpendState, now: Date): number | undefined {
  return opening?.day === utcDay(now) ? opening.meteredNanos : undefined;
}

export function isFirstOfMonth(at: Date): boolean {
  return utcDay(at).endsWith('-01');
}
