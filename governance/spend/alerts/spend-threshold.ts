import type { Alert } from '../../alerts/alert.js';
import { moneyText } from '../../platform/wording.js';
import {
  adjectiveOf,
  type BudgetStory,
  hasEnded,
  refusal,
  tellBudget,
  utcMinute,
} from './spend-story.js';

export interface PassedThreshold extends BudgetStory {
  /** The highest threshold reached, in percent. */
  readonly percent: number;
}

// Below that there is time until tomorrow.
const WARNING_PERCENT = 80;

/** A budget is spent so far, told once for each window and threshold. */
export function spendThreshold(story: PassedThreshold): Alert {
  const { workspace, window, percent, currency, spentNanos, limitNanos, resetsAt } = story;
  const spent = `${moneyText(spentNanos, currency)} of ${moneyText(limitNanos, currency)}`;
  const budget = `${adjectiveOf(window)} budget`;
  const common = {
    type: 'spend-threshold',
    severity: percent < WARNING_PERCENT ? 'info' : 'warning',
    facts: { threshold: `${percent}%` },
  } as const;
  const next = percent < 100 ? whenItIsGone(story) : refusal(story);
  return hasEnded(story)
    ? tellBudget(story, {
        ...common,
        title: `${workspace} had spent ${percent}% of its ${budget} when the ${window} ended`,
        description: `${workspace} had spent ${spent} when the ${window} ended at ${utcMinute(resetsAt)}. ${next}`,
      })
    : tellBudget(story, {
        ...common,
        title: `${workspace} has spent ${percent}% of its ${budget}`,
        description: `${workspace} has spent ${spent}; the ${budget} starts anew at ${utcMinute(resetsAt)}. ${next}`,
      });
}

function whenItIsGone(story: BudgetStory): string {
  if (hasEnded(story)) {
    return `So the budget lasted; the ${story.window} since then has one of its own.`;
  }
  return story.meteredNanos === undefined
    ? "Nothing meters its requests, so only Mistral's own limits stop them when the budget is used up."
    : 'Requests still pass; when the budget is used up, gateway and client library refuse them until then.';
}
