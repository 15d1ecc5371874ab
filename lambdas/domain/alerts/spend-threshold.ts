import type { Alert } from '../alert.js';
import { moneyText } from '../money-text.js';
import { adjectiveOf, type BudgetStory, refusal, tellBudget, utcMinute } from './spend-story.js';

export interface PassedThreshold extends BudgetStory {
  /** The highest threshold reached, in percent. */
  readonly percent: number;
}

// Below that there is time until tomorrow.
const WARNING_PERCENT = 80;

/** A budget is spent so far, told once for each window and threshold. */
export function spendThreshold(story: PassedThreshold): Alert {
  const { workspace, window, percent, currency, spentNanos, limitNanos, resetsAt } = story;
  const budget = `${adjectiveOf(window)} budget`;
  return tellBudget(story, {
    type: 'spend-threshold',
    severity: percent < WARNING_PERCENT ? 'info' : 'warning',
    title: `${workspace} has spent ${percent}% of its ${budget}`,
    description: `${workspace} has spent ${moneyText(spentNanos, currency)} of ${moneyText(limitNanos, currency)}; the ${budget} starts anew at ${utcMinute(resetsAt)}. ${percent < 100 ? whenItIsGone(story) : refusal(story)}`,
    facts: { threshold: `${percent}%` },
  });
}

function whenItIsGone({ meteredNanos }: BudgetStory): string {
  return meteredNanos === undefined
    ? "Nothing meters its requests, so only Mistral's own limits stop them when the budget is used up."
    : 'Requests still pass; when the budget is used up, gateway and client library refuse them until then.';
}
