import type { Alert, NextStep } from '../../alerts/alert.js';
import { overflowWay } from '../../platform/metrics.js';
import {
  type Currency,
  instantText,
  listText,
  moneyText,
  spentText,
} from '../../platform/wording.js';
import { raiseLimit, showMetric } from './spend-steps.js';

/** What other workspaces have spent with a workspace's key in a day, in nano-units of `currency`. */
export interface LentContext {
  /** The one that lends. */
  readonly workspace: string;
  /** The workspaces that may overflow to it. */
  readonly borrowers: readonly string[];
  readonly currency: Currency;
  readonly lentNanos: number;
  readonly limitNanos: number;
  /** For example `2026-11-23`. */
  readonly day: string;
  readonly resetsAt: Date;
  readonly at: Date;
}

// Below that there is time until the next working day.
const WARNING_PERCENT = 80;

/** A workspace has lent as many percent of what it lends a day, or all of it: each is sent once a day. */
export function overflowLent(context: LentContext, percent?: number): Alert {
  const { workspace, borrowers, currency, lentNanos, limitNanos, day, resetsAt, at } = context;
  const limit = moneyText(limitNanos, currency);
  const lent = spentText(lentNanos, limitNanos, currency);
  const until = instantText(resetsAt, at);
  const isOut = percent === undefined;
  const why = `Mistral limits the rate of ${listText(borrowers)} (429), so the gateway sends some of its requests with the key of ${workspace}. Mistral bills these to ${workspace}; they count in the budgets of both.`;
  const then = isOut
    ? `The gateway sends no more of them there until ${until}. Their callers get 429 rate_limited, unless another workspace of overflowTo has room. Requests of ${workspace} itself are not affected.`
    : `No request is refused yet. Once ${limit} are lent, the gateway sends no more of them there until ${until}.`;
  return {
    type: 'overflow-lent',
    severity: isOut || percent >= WARNING_PERCENT ? 'warning' : 'info',
    workspace,
    threadId: `overflow-${workspace}-${day}`,
    at,
    title: isOut
      ? `${workspace} has lent all of its daily ${limit}: overflow to it is refused`
      : `${workspace} has lent ${lent} of what it lends a day`,
    description: `Other workspaces have spent ${lent} of what ${workspace} lends for ${day}. ${why} ${then}`,
    facts: {
      lends: `${limit} a day`,
      lent,
      'may borrow': listText(borrowers),
      'resets at': instantText(resetsAt),
      overflow: isOut ? 'refused' : 'not refused',
    },
    data: {
      window: day,
      currency,
      limitNanos,
      lentNanos,
      borrowers: borrowers.join(', '),
      resetsAt: resetsAt.toISOString(),
      ...(!isOut && { thresholdPercent: percent }),
    },
    nextSteps: [
      ...borrowers.slice(0, SHOWN).map((borrower) => showOverflow(context, borrower)),
      {
        say: `If this recurs, raise the rate limits of ${listText(borrowers)} in the Mistral console, under Limits, or slow its callers down`,
      },
      raiseLimit(context, 'lends.daily'),
    ],
  };
}

const SHOWN = 3;

function showOverflow({ workspace, at }: LentContext, borrower: string): NextStep {
  const say = `Show what ${borrower} spent with the key of ${workspace} in each hour of the last day`;
  const dimension = `Name=overflow,Value=${overflowWay(borrower, workspace)}`;
  return showMetric({ say, metric: 'OverflowSpend', dimension, statistic: 'Sum', at });
}
