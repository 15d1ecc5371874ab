import type { Alert } from '../../alerts/alert.js';
import { moneyText, percentOf } from '../../platform/wording.js';
import {
  adjectiveOf,
  type BudgetStory,
  hasEnded,
  isUsedUp,
  refusal,
  tellBudget,
  utcMinute,
} from './spend-story.js';

/** A budget is used up, told once for each window. */
export function budgetExhausted(story: BudgetStory): Alert {
  const { workspace, window, currency, spentNanos, limitNanos, meteredNanos = 0 } = story;
  const spent = `${moneyText(spentNanos, currency)} of ${moneyText(limitNanos, currency)} (${percentOf(spentNanos, limitNanos)}%)`;
  const requests = isUsedUp(meteredNanos, limitNanos) ? 'refused' : 'not stopped';
  const budget = `The ${adjectiveOf(window)} budget of ${workspace}`;
  if (hasEnded(story)) {
    return tellBudget(story, {
      type: 'budget-exhausted',
      severity: 'warning', // nobody is refused any more
      title: `${budget} was used up before the ${window} ended`,
      description: `${workspace} had spent ${spent} when the ${window} ended at ${utcMinute(story.resetsAt)}. ${refusal(story)}`,
      facts: { 'requests then': requests },
    });
  }
  return tellBudget(story, {
    type: 'budget-exhausted',
    severity: 'critical',
    title: `${budget} is used up`,
    description: `${workspace} has spent ${spent}. ${refusal(story)}`,
    facts: { 'requests now': requests },
  });
}
