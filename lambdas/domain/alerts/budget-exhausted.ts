import type { Alert } from '../alert.js';
import { moneyText, percentOf } from '../money-text.js';
import { adjectiveOf, type BudgetStory, tellBudget, utcMinute } from './spend-story.js';

/** A budget is used up, told once for each window. */
export function budgetExhausted(story: BudgetStory): Alert {
  const { workspace, window, currency, spentNanos, limitNanos } = story;
  const spent = `${moneyText(spentNanos, currency)} of ${moneyText(limitNanos, currency)} (${percentOf(spentNanos, limitNanos)}%)`;
  return tellBudget(story, {
    type: 'budget-exhausted',
    severity: 'critical',
    title: `The ${adjectiveOf(window)} budget of ${workspace} is used up`,
    description: `${workspace} has spent ${spent}. ${requestsNow(story)}`,
    facts: { 'requests now': consequence(story) },
  });
}

function requestsNow({ deployment, resetsAt }: BudgetStory): string {
  return deployment.gatewayEnabled
    ? `The gateway now refuses what no longer fits with 429 budget_exhausted, until ${utcMinute(resetsAt)} or until the budget is raised. Services that call Mistral with a key of their own are not stopped.`
    : `The gateway is off, so requests go on and cost money; only Mistral's own spend limit stops them. The budget starts anew at ${utcMinute(resetsAt)}.`;
}

function consequence({ deployment }: BudgetStory): string {
  return deployment.gatewayEnabled ? 'refused by the gateway' : 'not stopped';
}
