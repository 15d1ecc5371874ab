import type { Alert } from '../../alerts/alert.js';
import { ORGANIZATION } from '../../platform/metrics.js';
import { type Currency, countText, instantText, listText } from '../../platform/wording.js';

export interface CurrencyChange {
  /** Those with budgets that were running. */
  readonly workspaces: readonly string[];
  readonly from: Currency;
  readonly to: Currency;
  /** The end of the month. */
  readonly resetsAt: Date;
  readonly at: Date;
}

const SHOWN = 20;

/** The policy has another currency than the budgets that are running: sent once. */
export function currencyChanged(change: CurrencyChange): Alert {
  const { workspaces, from, to, resetsAt, at } = change;
  const [only = ORGANIZATION] = workspaces;
  const isOne = workspaces.length === 1;
  const of = isOne ? only : countText(workspaces.length, 'workspace');
  return {
    type: 'currency-changed',
    severity: 'warning',
    workspace: isOne ? only : ORGANIZATION,
    threadId: `currency-${to}`,
    at,
    title: `Budgets of ${of} count from zero, in ${to} instead of ${from}`,
    description: `The policy's currency was changed from ${from} to ${to}, and counters are of one currency. What was spent in ${from} in the running windows counts against no budget in ${to}. So each workspace can spend its whole new budget until ${instantText(resetsAt, at)}, besides what it has spent.`,
    facts: {
      workspaces: listText(workspaces, SHOWN),
      from,
      to,
      'resets at': instantText(resetsAt),
    },
    data: { from, to, workspaces: workspaces.length, resetsAt: resetsAt.toISOString() },
    nextSteps: [
      {
        say: `If the change was not meant, set mistral.currency to ${from} in governance.yaml and deploy: the former counters go on`,
        command: 'npx cdk deploy --all',
      },
      {
        say: 'If it was, and the budgets must hold for this month, lower them by what was spent until it ends',
      },
    ],
  };
}
