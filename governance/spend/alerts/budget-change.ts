import type { Alert } from '../../alerts/alert.js';

type Changed = Pick<Alert, 'change' | 'changeId'>;
interface Budget {
  readonly windowName: string;
  readonly currency: string;
  readonly limitNanos: number;
  readonly spentNanos: number;
  readonly resetsAt: Date;
}

/** What programs hear of a budget that reached a threshold. */
export function thresholdReached(budget: Budget, thresholdPercent: number): Changed {
  return {
    change: { type: 'budget-threshold', ...fieldsOf(budget), thresholdPercent },
    changeId: thresholdPercent,
  };
}

/** The same of one that is exhausted, for all requests or for large ones. */
export function exhausted(
  budget: Budget,
  requests: 'blocked' | 'not-blocked' | 'blocked-where-too-large',
): Changed {
  return {
    change: { type: 'budget-exhausted', ...fieldsOf(budget), requests },
    ...(requests === 'blocked-where-too-large' && { changeId: 'for-a-request' }),
  };
}

function fieldsOf({ windowName: window, currency, limitNanos, spentNanos, resetsAt }: Budget) {
  return { window, currency, limitNanos, spentNanos, resetsAt: resetsAt.toISOString() };
}
