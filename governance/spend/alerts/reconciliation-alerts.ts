import type { Alert, NextStep } from '../../alerts/alert.js';
import { ORGANIZATION } from '../../platform/metrics.js';
import { shell } from '../../platform/quoting.js';
import { addDays, utcDay } from '../../platform/utc-day.js';
import {
  type Currency,
  countText,
  instantText,
  moneyText,
  percentOf,
  quoted,
  shortened,
} from '../../platform/wording.js';
import { GATEWAY_KEY_NAME } from '../../policy/planned-keys.js';
import type { UnpricedUsage, UnreadableUsage } from '../billed-spend.js';

const SHOWN = 20;

/** What was metered and what Mistral billed for the same time. */
export interface ReconciliationDrift {
  readonly workspace: string;
  /** For example `2026-11-23` or `2026-11 until 2026-11-23`. */
  readonly period: string;
  readonly currency: Currency;
  readonly meteredNanos: number;
  readonly billedNanos: number;
  readonly at: Date;
}

/** Metered and billed spend of a workspace differ by more than rounding and delay explain. */
export function reconciliationDrift(drift: ReconciliationDrift): Alert {
  const { workspace, period, currency, meteredNanos, billedNanos, at } = drift;
  const differenceNanos = Math.abs(billedNanos - meteredNanos);
  const difference = moneyText(differenceNanos, currency);
  const isOutside = billedNanos > meteredNanos;
  const next = 'The next comparison follows tomorrow after 06:00 UTC.';
  return reportAlert(workspace, at, {
    title: isOutside
      ? `${workspace} has spend outside the gateway (${difference}, ${period})`
      : `Mistral bills ${workspace} less than was metered (${difference}, ${period})`,
    description: isOutside
      ? `Mistral billed ${workspace} ${difference} more for ${period} than the gateway and the client library metered; no request is blocked. ${next} Either a service calls Mistral directly with a key of this workspace, where no budget applies, or models cost more than the price book says.`
      : `Mistral billed ${workspace} ${difference} less for ${period} than the gateway and the client library metered, so its budgets run out too early. ${next} Either the price book is higher than your contract, or Mistral's report is late.`,
    facts: {
      workspace,
      period,
      'reported by Mistral': moneyText(billedNanos, currency),
      metered: moneyText(meteredNanos, currency),
      difference: `${difference}, ${percentOf(differenceNanos, Math.max(billedNanos, meteredNanos))} %`,
    },
    data: { currency, meteredNanos, billedNanos },
    nextSteps: [...(isOutside ? findDirectCallers(drift) : []), CORRECT_PRICES],
  });
}

function findDirectCallers({ workspace, at }: ReconciliationDrift): NextStep[] {
  return [
    {
      say: `List who reads keys of ${workspace} from Secrets Manager; ${GATEWAY_KEY_NAME} is the gateway itself`,
      command: shell`aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=GetSecretValue --start-time ${addDays(utcDay(at), -2)} --query 'Events[].[EventTime,Username,Resources[0].ResourceName]' --output text | grep -F ${`mistral/${workspace}/`}`,
    },
    {
      say: 'Move those services to the gateway or the client library, and delete keys that the nightly audit reports as unmanaged in the Mistral console, under API keys',
    },
  ];
}

const CORRECT_PRICES: NextStep = {
  say: "Where your contract's prices differ from the price book, set prices.models in governance.yaml and deploy",
  command: 'npx cdk deploy --all',
};

/** Usage of one month that is in no sum of what Mistral bills. */
export interface UncountedUsage<Usage> {
  readonly workspace: string;
  /** For example `2026-11`. */
  readonly month: string;
  readonly usage: readonly Usage[];
  readonly at: Date;
}

/** Mistral's report has usage without a price. */
export function spendUnpriced(uncounted: UncountedUsage<UnpricedUsage>): Alert {
  const { workspace, month, usage } = uncounted;
  return uncountedAlert(uncounted, {
    title: `Usage of ${workspace} in ${month} has no price in Mistral's report`,
    why: `that its own price list does not cover. The actual spend is ${comparedWithSums(usage)}`,
    rows: listed('no price', usage, ({ value }) => String(value)),
    also: 'ask Mistral for the price if it stays missing',
  });
}

/** Refunds are below zero. */
function comparedWithSums(usage: readonly UnpricedUsage[]): string {
  if (usage.every(({ value }) => value > 0)) return 'higher than alerts and metrics say';
  if (usage.every(({ value }) => value < 0)) return 'lower than alerts and metrics say';
  return 'different from what alerts and metrics say, since refunds are among this usage';
}

/** Mistral's report has usage whose amount is not a number: it may cost something or be a refund. */
export function spendRowsUnreadable(uncounted: UncountedUsage<UnreadableUsage>): Alert {
  const { workspace, month, usage } = uncounted;
  return uncountedAlert(uncounted, {
    title: `Usage of ${workspace} in ${month} cannot be read from Mistral's report`,
    why: 'with amounts that are not numbers. They are in no sum of what Mistral bills',
    rows: listed('unreadable', usage, ({ given }) =>
      given === undefined ? 'no amount' : shortened(quoted(given), SHOWN_CHARACTERS),
    ),
    also: 'report it to Mistral',
  });
}

function uncountedAlert(
  { workspace, month, at }: UncountedUsage<unknown>,
  { title, why, rows, also }: Record<'title' | 'why' | 'also', string> & { rows: Alert['facts'] },
): Alert {
  return reportAlert(workspace, at, {
    title,
    description: `Mistral reports usage of ${workspace} in ${month} ${why}. Metered spend is not affected, since the price book has its own prices. This alert is sent once a month for each kind of usage.`,
    facts: { workspace, month, ...rows },
    nextSteps: [
      { say: `Compare with the invoice in the Mistral console, under Billing, and ${also}` },
    ],
  });
}

const SHOWN_CHARACTERS = 40;

function listed<Usage extends UnpricedUsage | UnreadableUsage>(
  name: string,
  usage: readonly Usage[],
  amountOf: (one: Usage) => string,
): Record<string, string> {
  const rows = usage.slice(0, SHOWN).map((one, index) => {
    const { category, billingMetric, billingGroup } = one;
    const kind = `${category}, ${billingMetric || 'no metric'}, ${billingGroup || 'no group'}`;
    return [`${name} ${index + 1}`, `${kind}: ${amountOf(one)}`];
  });
  const more = usage.length > SHOWN ? { 'not listed': `${usage.length - SHOWN} more` } : {};
  return { ...Object.fromEntries(rows), ...more };
}

export interface UnreadableSpend {
  /** Workspaces by name, each with the reason. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly since: Date;
  readonly functionName: string;
  readonly at: Date;
}

/** Mistral's report could not be read for some time. Metered spend still counts. */
export function spendUnreadable({ reasons, since, functionName, at }: UnreadableSpend): Alert {
  const [only = ORGANIZATION] = reasons.keys();
  const isOne = reasons.size === 1;
  return reportAlert(isOne ? only : ORGANIZATION, at, {
    threadId: 'spend-unreadable',
    title: `Mistral's usage report cannot be read for ${isOne ? only : countText(reasons.size, 'workspace')}`,
    description: `The spend that Mistral reports has been unknown since ${instantText(since, at)} for the workspaces below. Metered spend still counts against the budgets; spend outside the gateway is not seen. The spend monitor tries again every 15 minutes, and this alert repeats daily until it succeeds.`,
    facts: Object.fromEntries([...reasons].slice(0, SHOWN)),
    nextSteps: [
      {
        say: 'If Mistral rejects the Admin API key (401 or 403), store a new one in Secrets Manager; if a workspace is not found, correct its id in governance.yaml and deploy',
      },
      {
        say: 'Check again what cannot be read',
        command: shell`aws lambda invoke --function-name ${functionName} --cli-read-timeout 300 spend.json && jq .problems spend.json`,
      },
    ],
  });
}

function reportAlert(
  workspace: string,
  at: Date,
  event: Pick<Alert, 'title' | 'description' | 'facts' | 'data' | 'nextSteps'> & Partial<Alert>,
): Alert {
  const threadId = `reconciliation-${workspace}`;
  return { type: 'reconciliation-drift', severity: 'warning', workspace, threadId, at, ...event };
}
