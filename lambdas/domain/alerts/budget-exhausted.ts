import type { Alert } from '../alert.js';
import { moneyText, percentOf } from '../money-text.js';
import { adjectiveOf, type BudgetStory, isUsedUp, refusal, tellBudget } from './spend-story.js';

/** A budget is used up, told once for each window. */
export function budgetExhausted(story: BudgetStory): Alert {
  const { workspace, window, currency, spentNanos, limitNanos, meteredNanos = 0 } = story;
  const spent = `${moneyText(spentNanos, currency)} of ${moneyText(limitNanos, currency)} (${percentOf(spentNanos, limitNanos)}%)`;
  return tellBudget(story, {
    type: 'budget-exhausted',
    severity: 'critical',
    title: `The ${adjectiveOf(window)} budget of ${workspace} is used up`,
    description: `${workspace} has spent ${spent}. ${refusal(story)}`,
    facts: { 'requests now': isUsedUp(meteredNanos, limitNanos) ? 'refused' : 'not stopped' },
  });
}
