import { HOUR_MS } from '../platform/utc-day.js';
import { windowEnd } from '../quotas/quota-window.js';
import { spendUnreadable } from './alerts/reconciliation-alerts.js';
import { type SpendState, type SpendVerdict, wasSent } from './spend-state.js';

const KEY = 'unreadable';

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
  if (!isLong || wasSent(state, KEY, now)) return { pending: [], state: after };
  const alert = spendUnreadable({ reasons, since, functionName, at: now });
  const marks = [{ key: KEY, until: windowEnd('day', now) }];
  return { pending: [{ alert, marks }], state: after };
}
