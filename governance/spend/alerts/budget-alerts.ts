import type { Alert } from '../../alerts/alert.js';
import { utcDay } from '../../platform/utc-day.js';
import { instantText, moneyText, percentOf, spentText } from '../../platform/wording.js';
import { windowName } from '../../quotas/quota-window.js';
import type { ModelSpend } from '../billed-spend.js';
import { settledAt } from '../closed-windows.js';
import type { SpendRow } from '../spend-row.js';
import { exhausted, thresholdReached } from './budget-change.js';
import { listCallers, raiseLimit, showGrowth } from './spend-steps.js';

/** What an alert about one budget starts from. Money is in nano-units of `currency`. */
export interface BudgetContext extends Omit<SpendRow, 'budgetNanos' | 'percent' | 'forecast'> {
  /** Not after `at` where the window has ended: its last minutes are reported afterwards. */
  readonly resetsAt: Date;
  readonly limitNanos: number;
  /** What a request might have cost that was refused for lack of room. @default none was, as far as is known */
  readonly refusedNanos?: number | undefined;
  /** What the window's month was spent on, the most expensive first, as far as Mistral reports it. */
  readonly byModel: readonly ModelSpend[];
  readonly quotaTableName: string;
  readonly at: Date;
}

const ADJECTIVES = { hour: 'hourly', day: 'daily', month: 'monthly' } as const;

// Below that there is time until the next working day.
const WARNING_PERCENT = 80;

// Of a budget, 99% can be spent for certain; what is left then is too little for some request.
const USABLE_PERCENT = 99;

/** Whether the gateway and the client library refuse requests that exceed what is left. */
export function isExhausted(meteredNanos: number, limitNanos: number): boolean {
  return meteredNanos >= (limitNanos / 100) * USABLE_PERCENT;
}

/** The spend has reached a threshold: sent once for each window and threshold, in percent. */
export function spendThreshold(context: BudgetContext, percent: number): Alert {
  const { workspace, window } = context;
  const passed = hasEnded(context)
    ? `The ${window} ended on ${instantText(context.resetsAt, context.at)}.${growing(context)}`
    : `${workspace} has passed the ${percent} % threshold of its ${budgetName(context)}.`;
  return budgetAlert(context, {
    type: 'spend-threshold',
    severity: percent < WARNING_PERCENT ? 'info' : 'warning',
    title: hasEnded(context)
      ? `${workspace} ended ${pastWindow(context)} at ${shareText(context)}`
      : `${workspace} has spent ${shareText(context)}`,
    description: `${passed} ${percent < 100 ? whileItLasts(context) : whenExhausted(context)}`,
    facts: { threshold: `${percent} %` },
    data: { thresholdPercent: percent },
    ...thresholdReached(context, percent),
  });
}

/** The budget is exhausted: sent once for each window. */
export function budgetExhausted(context: BudgetContext): Alert {
  const { workspace, window, limitNanos, meteredNanos = 0, resetsAt, at } = context;
  const isBlocked = isExhausted(meteredNanos, limitNanos);
  const requests = isBlocked ? 'blocked' : 'not blocked';
  const [when, spent] = hasEnded(context)
    ? [
        ` before ${pastWindow(context)} ended`,
        `spent ${shareText(context)} before the ${window} ended on ${instantText(resetsAt, at)}`,
      ]
    : [
        `, requests ${requests}${isBlocked ? ` until ${instantText(resetsAt)}` : ''}`,
        `has spent ${shareText(context)}`,
      ];
  return budgetAlert(context, {
    type: 'budget-exhausted',
    severity: hasEnded(context) ? 'warning' : 'critical', // no request is rejected after the end
    title: `${workspace} exhausted its ${budgetName(context)}${when}`,
    description: [
      `${workspace} ${spent}.${growing(context)}`,
      refusal(context),
      whenExhausted(context),
    ]
      .filter(Boolean)
      .join(' '),
    facts: { requests },
    ...exhausted(context, isBlocked ? 'blocked' : 'not-blocked'),
  });
}

/** The budget was exhausted for one request, while others have room: sent once for each window. */
export function requestRefused(context: BudgetContext & { readonly refusedNanos: number }): Alert {
  const { workspace, spentNanos, limitNanos, resetsAt, at } = context;
  const next = hasEnded(context)
    ? `The next ${context.window} has its own budget.`
    : `Smaller requests pass until the budget resets on ${instantText(resetsAt, at)}.`;
  return budgetAlert(context, {
    type: 'budget-exhausted',
    severity: 'warning',
    title: `${workspace} exhausted its ${budgetName(context)} for a request (${percentOf(spentNanos, limitNanos)} % spent)`,
    description: `${workspace} has spent ${shareText(context)}. ${refusal(context)} ${next} Lower max_tokens or the input of such requests, or raise the budget.`,
    facts: { requests: 'blocked where they do not fit' },
    ...exhausted(context, 'blocked-where-too-large'),
  });
}

/** What did not fit, where that is known. */
function refusal({ refusedNanos, currency }: BudgetContext): string {
  return refusedNanos === undefined
    ? ''
    : `A request that may cost up to ${moneyText(refusedNanos, currency)} did not fit, and got 402 budget_exhausted.`;
}

/** The budget runs out before its window ends: sent once a day while the forecast holds. */
export function spendForecast(context: BudgetContext, runsOutAt: Date): Alert {
  const { workspace, window, resetsAt, at } = context;
  const on = window === 'month' ? utcDay(runsOutAt) : instantText(runsOutAt);
  const then =
    context.meteredNanos === undefined
      ? 'Its requests are not metered, so nothing blocks them then.'
      : 'From then on the gateway and the client library refuse its requests.';
  return budgetAlert(context, {
    type: 'spend-forecast',
    severity: 'warning',
    title: `${workspace} runs out of its ${budgetName(context)} on ${on} at the current rate`,
    description: `${workspace} has spent ${shareText(context)}; no request is blocked yet. At the current rate the budget runs out on ${instantText(runsOutAt, at)}, before it resets on ${instantText(resetsAt, at)}. ${then} This alert repeats daily while the forecast holds.`,
    facts: { 'runs out at': instantText(runsOutAt) },
    data: { runsOutAt: runsOutAt.toISOString() },
  });
}

function hasEnded({ resetsAt, at }: BudgetContext): boolean {
  return resetsAt <= at;
}

/** `the day 2026-11-23`: such an alert may come days later. */
function pastWindow({ window, windowName: name }: BudgetContext): string {
  return window === 'hour' ? 'the hour' : `the ${window} ${name}`;
}

/** What Mistral bills of a past window may grow until it is settled. */
function growing(context: BudgetContext): string {
  const { window, resetsAt, at, billedNanos } = context;
  const until = settledAt(window, resetsAt);
  if (!hasEnded(context) || billedNanos === undefined || until <= at) return '';
  return ` Mistral may report more of its usage until ${instantText(until)}, which is checked.`;
}

function budgetName({ window }: BudgetContext): string {
  return `${ADJECTIVES[window]} budget`;
}

/** `82 % (412.50 of 500.00 USD) of its monthly budget` */
function shareText(context: BudgetContext): string {
  const { spentNanos, limitNanos, currency } = context;
  return `${spentText(spentNanos, limitNanos, currency)} of its ${budgetName(context)}`;
}

function whileItLasts(context: BudgetContext): string {
  const { window, resetsAt, at } = context;
  if (hasEnded(context)) {
    return `The budget lasted, so no request was blocked. The next ${window} has its own budget.`;
  }
  const resets = instantText(resetsAt, at);
  return context.meteredNanos === undefined
    ? `Its requests are not metered, so only Mistral's own spend limit blocks them when the budget is exhausted. The budget resets on ${resets}.`
    : `No request is blocked yet. Once the budget is exhausted, the gateway and the client library refuse requests until it resets on ${resets}.`;
}

function whenExhausted(context: BudgetContext): string {
  const { window, resetsAt, at, meteredNanos, limitNanos, currency } = context;
  const next = hasEnded(context)
    ? `The next ${window} has its own budget.`
    : `The budget resets on ${instantText(resetsAt, at)}.`;
  if (meteredNanos === undefined) {
    return hasEnded(context)
      ? `Its requests are not metered, so none was blocked. ${next}`
      : `Its requests are not metered, so they continue and cost money; only Mistral's own spend limit blocks them. ${next}`;
  }
  if (!isExhausted(meteredNanos, limitNanos)) {
    const passed = `Only ${moneyText(meteredNanos, currency)} of it passed the gateway or the client library`;
    return hasEnded(context)
      ? `${passed}, so no request was blocked there. ${next}`
      : `${passed}, so requests there are not blocked. The rest was spent outside the gateway, where no budget applies. ${next}`;
  }
  return hasEnded(context)
    ? `Until then the gateway and the client library refused requests that exceeded the remaining budget. They accept requests again. ${next}`
    : `Requests through the gateway or the client library that exceed the remaining budget get 402 budget_exhausted until ${instantText(resetsAt, at)}. Raising the budget unblocks them sooner. Direct calls to Mistral are not blocked.`;
}

type Event = Omit<Alert, 'workspace' | 'threadId' | 'at' | 'sections' | 'nextSteps'>;

/** Fills in what all alerts about one budget share, so that they read and thread alike. */
function budgetAlert(context: BudgetContext, event: Event): Alert {
  const { workspace, currency, limitNanos, spentNanos, refusedNanos, byModel } = context;
  const money = (nanos: number | undefined) =>
    nanos === undefined ? 'unknown' : moneyText(nanos, currency);
  const models = byModel.slice(0, SHOWN_MODELS);
  return {
    ...event,
    workspace,
    threadId: `spend-${workspace}-${context.windowName}`,
    at: context.at,
    facts: {
      budget: `${workspace}, ${ADJECTIVES[context.window]} (${context.windowName})`,
      spent: spentText(spentNanos, limitNanos, currency),
      remaining: money(Math.max(0, limitNanos - spentNanos)),
      ...(refusedNanos !== undefined && {
        'did not fit': `a request of up to ${money(refusedNanos)}`,
      }),
      [hasEnded(context) ? 'ended at' : 'resets at']: instantText(context.resetsAt),
      metered: money(context.meteredNanos),
      'reported by Mistral': money(context.billedNanos),
      ...(context.borrowedNanos && {
        'of it with keys of other workspaces': money(context.borrowedNanos),
      }),
      ...(context.lentNanos && { 'of it lent to other workspaces': money(context.lentNanos) }),
      ...(models.length > 0 && {
        [`most expensive in ${windowName('month', lastInstant(context))}`]: models
          .map(({ model, nanos }) => `${model} ${money(nanos)}`)
          .join(', '),
      }),
      ...event.facts,
    },
    data: {
      window: context.windowName,
      currency,
      limitNanos,
      spentNanos,
      meteredNanos: context.meteredNanos,
      billedNanos: context.billedNanos,
      borrowedNanos: context.borrowedNanos,
      lentNanos: context.lentNanos,
      refusedNanos,
      resetsAt: context.resetsAt.toISOString(),
      ...event.data,
    },
    nextSteps: [
      ...(context.meteredNanos === undefined
        ? []
        : [listCallers(context.quotaTableName, utcDay(lastInstant(context)))]),
      showGrowth(context),
      raiseLimit(context, `budgets.${ADJECTIVES[context.window]}`),
    ],
  };
}

const SHOWN_MODELS = 3;

/** The last instant that the alert is about. */
function lastInstant(context: BudgetContext): Date {
  return hasEnded(context) ? new Date(context.resetsAt.getTime() - 1) : context.at;
}
