import type { Alert } from '../../alerts/alert.js';
import { utcDay } from '../../platform/utc-day.js';
import { moneyText } from '../../platform/wording.js';
import { adjectiveOf, type BudgetStory, tellBudget, utcMinute } from './spend-story.js';

export interface SpendForecast extends BudgetStory {
  /** When the budget is used up if spending goes on as it did. */
  readonly endsAt: Date;
}

/** A budget ends before its window does, told once a day while that holds. */
export function spendForecast(story: SpendForecast): Alert {
  const { workspace, window, endsAt, currency, spentNanos, limitNanos, resetsAt } = story;
  const end = window === 'month' ? utcDay(endsAt) : utcMinute(endsAt);
  const budget = `${adjectiveOf(window)} budget`;
  const afterwards =
    story.meteredNanos === undefined
      ? 'Nothing stops its requests then, since nothing meters them'
      : 'From then on gateway and client library refuse its requests';
  return tellBudget(story, {
    type: 'spend-forecast',
    severity: 'warning',
    title: `At today's rate the ${budget} of ${workspace} ends on ${end}`,
    description: `${workspace} has spent ${moneyText(spentNanos, currency)} of ${moneyText(limitNanos, currency)}. At this rate that is all gone by ${utcMinute(endsAt)}, before the budget starts anew at ${utcMinute(resetsAt)}. ${afterwards}. You are told once a day while this holds.`,
    facts: { 'ends at': utcMinute(endsAt) },
  });
}
