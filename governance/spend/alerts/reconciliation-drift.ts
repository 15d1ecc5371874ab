import type { Alert, NextStep } from '../../alerts/alert.js';
import type { Currency } from '../../platform/wording.js';
import { moneyText, percentOf } from '../../platform/wording.js';
import { GATEWAY_KEY_NAME } from '../../policy/planned-keys.js';

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
  const { workspace, period, currency, meteredNanos, billedNanos } = drift;
  const isAround = billedNanos > meteredNanos;
  const difference = Math.abs(billedNanos - meteredNanos);
  return {
    type: 'reconciliation-drift',
    severity: 'warning',
    workspace,
    threadId: `reconciliation-${workspace}`,
    at: drift.at,
    title: isAround
      ? `${workspace} spends around the gateway`
      : `Mistral bills ${workspace} less than was metered`,
    description: isAround
      ? `Mistral bills ${moneyText(difference, currency)} more for ${period} than passed the gateway or the client library. Somebody calls Mistral with a key of this workspace past both, where no budget stops them, or models cost more than the price book says.`
      : `Gateway and client library metered ${moneyText(difference, currency)} more for ${period} than Mistral bills. The price book may be dearer than your contract, so that budgets end too early, or Mistral's report is late.`,
    facts: {
      workspace,
      period,
      'reported by Mistral': moneyText(billedNanos, currency),
      metered: moneyText(meteredNanos, currency),
      difference: `${moneyText(difference, currency)}, ${percentOf(difference, Math.max(billedNanos, meteredNanos))}%`,
    },
    nextSteps: isAround ? findCallers(drift) : CHECK_PRICES,
  };
}

function findCallers({ workspace, at }: ReconciliationDrift): NextStep[] {
  const since = new Date(at.getTime() - 2 * 86_400_000).toISOString().slice(0, 10);
  return [
    {
      say: `See who reads keys of ${workspace} from Secrets Manager; ${GATEWAY_KEY_NAME} is the gateway itself`,
      command: `aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=GetSecretValue --start-time ${since} --query 'Events[].[EventTime,Username,Resources[0].ResourceName]' --output text | grep mistral/${workspace}/`,
    },
    {
      say: 'Move those services to the gateway or the client library, and delete keys in the Mistral console that the nightly audit calls unmanaged',
    },
    ...CHECK_PRICES,
  ];
}

const CHECK_PRICES: readonly NextStep[] = [
  {
    say: "Where your contract's prices differ from the price book, put them into prices.models of governance.yaml",
    command: 'npx cdk deploy --all',
  },
];
