import type { Currency } from '../platform/wording.js';
import { windowEnd, windowName } from '../quotas/quota-window.js';
import { currencyChanged } from './alerts/currency-alert.js';
import { rememberedUntil } from './closed-windows.js';
import { type PendingAlert, type SpendState, wasSent } from './spend-state.js';

/** A workspace, with what the run before this one left. */
export interface RememberedWorkspace {
  readonly name: string;
  readonly before: SpendState;
}

/**
 * Counters are of one currency, so another one in the policy begins new ones in the middle of their windows. The
 * first run after such a deploy finds running budgets in the old currency, and notifies on-call once.
 */
export function currencyAlerts(
  workspaces: readonly RememberedWorkspace[],
  currency: Currency,
  reports: SpendState,
  now: Date,
): PendingAlert[] {
  const running = [windowName('day', now), windowName('month', now)];
  const other: Currency = currency === 'USD' ? 'EUR' : 'USD';
  const changed = workspaces.filter(({ before }) =>
    running.some((name) => before.budgets?.[`${other.toLowerCase()}#${name}`] !== undefined),
  );
  const mark = { key: `currency#${currency}`, until: rememberedUntil('month', now) };
  if (changed.length === 0 || wasSent(reports, mark.key, now)) return [];
  const names = changed.map(({ name }) => name);
  const resetsAt = windowEnd('month', now);
  const alert = currencyChanged({
    workspaces: names,
    from: other,
    to: currency,
    resetsAt,
    at: now,
  });
  return [{ alert, marks: [mark] }];
}
