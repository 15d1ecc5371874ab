import type { Alert, NextStep } from '../../alerts/alert.js';
import { DAY_MS, utcDay } from '../../platform/utc-day.js';
import type { Currency } from '../../platform/wording.js';
import { moneyText, percentOf } from '../../platform/wording.js';
import { windowName } from '../../quotas/quota-window.js';

/** The windows that budgets are for. */
export type BudgetWindow = 'hour' | 'day' | 'month';

/** What an alert about one budget starts from. Money is in nano-units of `currency`. */
export interface BudgetStory {
  readonly workspace: string;
  readonly window: BudgetWindow;
  /** For example `2026-11`. */
  readonly windowName: string;
  readonly resetsAt: Date;
  readonly currency: Currency;
  readonly limitNanos: number;
  /** The larger of what the gateway metered and what Mistral reports. */
  readonly spentNanos: number;
  /** What gateway and client library counted; `undefined` where neither is in use. */
  readonly meteredNanos: number | undefined;
  /** `undefined` where Mistral's report says nothing about the window. */
  readonly billedNanos: number | undefined;
  /** What the most went to in the window's month, the dearest first, as far as Mistral reports it. */
  readonly dearestModels: readonly ModelSpend[];
  readonly quotaTableName: string;
  readonly at: Date;
}

export interface ModelSpend {
  readonly model: string;
  readonly nanos: number;
}

type Told = Pick<Alert, 'type' | 'severity' | 'title' | 'description'> & {
  readonly facts?: Alert['facts'];
};

const ADJECTIVES: Readonly<Record<BudgetWindow, string>> = {
  hour: 'hourly',
  day: 'daily',
  month: 'monthly',
};

export function adjectiveOf(window: BudgetWindow): string {
  return ADJECTIVES[window];
}

/** `2026-12-01 00:00 UTC` */
export function utcMinute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The window is over, and what happened in its last minutes is told afterwards. */
export function hasEnded({ resetsAt, at }: BudgetStory): boolean {
  return resetsAt <= at;
}

/** What becomes of requests once the budget is used up, or became of them until the window ended. */
export function refusal(story: BudgetStory): string {
  if (hasEnded(story)) return refusalUntilTheEnd(story);
  const { meteredNanos, limitNanos, resetsAt, currency } = story;
  if (meteredNanos === undefined) {
    return `Nothing meters its requests, so they go on and cost money; only Mistral's own limits stop them. The budget starts anew at ${utcMinute(resetsAt)}.`;
  }
  const refused = `refused with 429 budget_exhausted until ${utcMinute(resetsAt)}, or until the budget is raised`;
  return isUsedUp(meteredNanos, limitNanos)
    ? `What passes the gateway or the client library and no longer fits is ${refused}. Services that call Mistral past both are not stopped.`
    : `Only ${moneyText(meteredNanos, currency)} of it passed the gateway or the client library, so requests still pass there; when that reaches the budget, they are ${refused}.`;
}

function refusalUntilTheEnd({ meteredNanos, limitNanos, window, currency }: BudgetStory): string {
  const anew = `The ${window} since then has a budget of its own.`;
  if (meteredNanos === undefined) {
    return `Nothing meters its requests, so none was held back. ${anew}`;
  }
  return isUsedUp(meteredNanos, limitNanos)
    ? `Until then gateway and client library refused what no longer fit, and for this budget refuse nothing any more. ${anew}`
    : `Only ${moneyText(meteredNanos, currency)} of it passed the gateway or the client library, so nothing was refused there. ${anew}`;
}

// Of a budget, 99% can be spent for certain; what is left then is too little for some request.
const USABLE_PERCENT = 99;

/** Whether metered requests are refused. */
export function isUsedUp(meteredNanos: number, limitNanos: number): boolean {
  return meteredNanos >= (limitNanos / 100) * USABLE_PERCENT;
}

/** Fills in what all alerts about one budget share, so that they read and thread alike. */
export function tellBudget(story: BudgetStory, told: Told): Alert {
  const { workspace, window, windowName, currency, limitNanos, spentNanos } = story;
  const money = (nanos: number) => moneyText(nanos, currency);
  return {
    ...told,
    workspace,
    threadId: `spend-${workspace}-${windowName}`,
    at: story.at,
    facts: {
      budget: `${workspace}, ${adjectiveOf(window)} (${windowName})`,
      spent: `${money(spentNanos)}, ${percentOf(spentNanos, limitNanos)}%`,
      limit: money(limitNanos),
      'left of it': money(Math.max(0, limitNanos - spentNanos)),
      [hasEnded(story) ? 'ended at' : 'resets at']: utcMinute(story.resetsAt),
      metered: known(story.meteredNanos, money),
      'reported by Mistral': known(story.billedNanos, money),
      ...(story.dearestModels.length > 0 && { [`dearest ${monthOf(story)}`]: dearest(story) }),
      ...told.facts,
    },
    nextSteps: [...spenders(story), growth(story), raise(story)],
  };
}

function known(nanos: number | undefined, money: (nanos: number) => string): string {
  return nanos === undefined ? 'not known' : money(nanos);
}

/** The last instant that the story is about. */
function lastInstant(story: BudgetStory): Date {
  return hasEnded(story) ? new Date(story.resetsAt.getTime() - 1) : story.at;
}

function monthOf(story: BudgetStory): string {
  const month = windowName('month', lastInstant(story));
  return month === windowName('month', story.at) ? 'this month' : `in ${month}`;
}

const SHOWN_MODELS = 3;

function dearest({ dearestModels, currency }: BudgetStory): string {
  return dearestModels
    .slice(0, SHOWN_MODELS)
    .map(({ model, nanos }) => `${model} ${moneyText(nanos, currency)}`)
    .join(', ');
}

function spenders(story: BudgetStory): NextStep[] {
  const { meteredNanos, quotaTableName, at } = story;
  if (meteredNanos === undefined) return [];
  const day = utcDay(lastInstant(story));
  const values = { ':callers': { S: 'quota#caller#' }, ':today': { S: `tokens#${day}` } };
  return [
    {
      say: `See which callers used how many tokens ${day === utcDay(at) ? 'today' : `on ${day}`}`,
      command: `aws dynamodb scan --table-name ${quotaTableName} --filter-expression 'begins_with(pk, :callers) AND sk = :today' --expression-attribute-values '${JSON.stringify(values)}' --query 'Items[].[settled.N,pk.S]' --output text | sort -rn | head`,
    },
  ];
}

function growth({ workspace, at }: BudgetStory): NextStep {
  const from = new Date(at.getTime() - DAY_MS).toISOString().slice(0, 19);
  return {
    say: 'See how the spend grew over the last day',
    command: `aws cloudwatch get-metric-statistics --namespace MistralGovernance --metric-name MonthSpend --dimensions Name=workspace,Value=${workspace} --start-time ${from}Z --end-time ${at.toISOString().slice(0, 19)}Z --period 3600 --statistics Maximum --query 'sort_by(Datapoints,&Timestamp)[].[Timestamp,Maximum]' --output text`,
  };
}

function raise({ workspace, window, currency }: BudgetStory): NextStep {
  const field = `${adjectiveOf(window)}${currency === 'USD' ? 'Usd' : 'Eur'}`;
  return {
    say: 'If the spend is meant, raise the budget',
    command: `npx cdk deploy --all # once workspaces[${workspace}].budgets.${field} in governance.yaml is right`,
  };
}
