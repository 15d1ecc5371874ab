import type { Alert } from '../../alerts/alert.js';
import { ORGANIZATION } from '../../platform/metrics.js';
import type { UnpricedUsage } from '../billed-spend.js';

const SHOWN = 20;

export interface UnpricedSpend {
  readonly workspace: string;
  readonly rows: readonly UnpricedUsage[];
  readonly at: Date;
}

/** Mistral's report has usage without a price: the real spend is more than what is told. */
export function spendUnpriced({ workspace, rows, at }: UnpricedSpend): Alert {
  return {
    type: 'reconciliation-drift',
    severity: 'warning',
    workspace,
    threadId: `reconciliation-${workspace}`,
    at,
    title: `Usage of ${workspace} has no price in Mistral's report`,
    description: `Mistral reports usage of ${workspace} this month that no entry of its price list fits, so its cost is unknown: the real spend is more than what alerts and metrics say. What gateway and client library meter is not affected: they have prices of their own.`,
    facts: Object.fromEntries([
      ['workspace', workspace],
      ...rows.slice(0, SHOWN).map((row, index) => [`without a price ${index + 1}`, shown(row)]),
      ...(rows.length > SHOWN ? [['further ones', String(rows.length - SHOWN)]] : []),
    ]),
    nextSteps: [
      {
        say: 'Compare with the invoice in the Mistral console, and ask Mistral for the price if it stays missing',
      },
    ],
  };
}

function shown({ category, billingMetric, billingGroup, value }: UnpricedUsage): string {
  return `${category}, ${billingMetric || 'no metric'}, ${billingGroup || 'no group'}: ${value ?? 'unreadable amount'}`;
}

export interface UnreadableSpend {
  /** Workspaces by name, each with the reason. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly since: Date;
  readonly functionName: string;
  readonly at: Date;
}

/** Mistral's report could not be read for some time. Metered spend still counts. */
export function spendUnreadable(unreadable: UnreadableSpend): Alert {
  const { reasons, since, functionName, at } = unreadable;
  const [workspace = ORGANIZATION] = reasons.keys();
  return {
    type: 'reconciliation-drift',
    severity: 'warning',
    workspace: reasons.size === 1 ? workspace : ORGANIZATION,
    threadId: 'spend-unreadable',
    at,
    title: `Mistral's usage report cannot be read for ${reasons.size === 1 ? workspace : `${reasons.size} workspaces`}`,
    description: `Since ${since.toISOString().slice(0, 16).replace('T', ' ')} UTC the spend that Mistral reports is unknown for the workspaces below. What gateway and client library meter is still held against the budgets; what is spent past them is not seen. You are told once a day while this holds.`,
    facts: Object.fromEntries([...reasons].slice(0, SHOWN)),
    nextSteps: [
      {
        say: 'If Mistral refuses the Admin API key, store a new one; if a workspace is not found, put its id in governance.yaml right. Then look again',
        command: `aws lambda invoke --function-name ${functionName} --cli-read-timeout 300 spend.json && jq .problems spend.json`,
      },
    ],
  };
}
