import { windowEnd } from '../quotas/quota-window.js';
import { spendUnreadable } from './alerts/billed-unclear.js';
import { hasTold, type SpendState, type Telling } from './spend-state.js';

export interface ReportsJudgement {
  readonly tellings: readonly Telling[];
  readonly state: SpendState;
}

const HOUR_MS = 3_600_000;
const KEY = 'unreadable';

/**
 * Whether to tell that Mistral's report cannot be read, and of which workspaces: after an hour, so
 * that nobody is called for what passes by itself, then once a day.
 */
export function judgeReports(
  reasons: ReadonlyMap<string, string>,
  state: SpendState,
  functionName: string,
  now: Date,
): ReportsJudgement {
  if (reasons.size === 0) {
    const { unreadableSince: _, ...rest } = state;
    return { tellings: [], state: rest };
  }
  const unreadableSince = state.unreadableSince ?? now.toISOString();
  const since = new Date(unreadableSince);
  const after = { ...state, unreadableSince };
  const isLong = now.getTime() - since.getTime() >= HOUR_MS;
  if (!isLong || hasTold(state, KEY, now)) return { tellings: [], state: after };
  const alert = spendUnreadable({ reasons, since, functionName, at: now });
  return {
    tellings: [{ alert, marks: [{ key: KEY, until: windowEnd('day', now) }] }],
    state: after,
  };
}
