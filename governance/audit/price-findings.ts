import { exactModels } from '../access/model-directory.js';
import type { MistralModel } from '../mistral/mistral.js';
import { type Fraction, fraction, isMore, multiply } from '../platform/fraction.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { toSafeLine } from '../platform/quoting.js';
import { utcDay } from '../platform/utc-day.js';
import type { Policy } from '../policy/policy.js';
import type { BilledPrices, ReportedPrices } from '../prices/billed-prices.js';
import { datedPrices, pricesOn } from '../prices/dated-prices.js';
import { createPriceBook } from '../prices/price-book.js';
import { pricesInFields } from '../prices/price-table.js';
import { UNITS, type UnitPrices } from '../prices/unit-prices.js';
import type { Finding } from './finding.js';
import { driftFinding } from './policy-drift.js';

/** What Mistral's usage report says about models. */
export interface PriceFacts {
  /** The organization's own prices, by exact model id. */
  readonly prices: ReadonlyMap<string, ReportedPrices>;
  /** Exact ids of models that were used this month, or in the last days of the month before. */
  readonly used: ReadonlySet<string>;
  /** What gateways and services read; `undefined` where the bill's prices do not count. */
  readonly published: BilledPrices | undefined;
}

export const NO_PRICE_FACTS: PriceFacts = {
  prices: new Map(),
  used: new Set(),
  published: undefined,
};

/**
 * Models without a price of their own: of those that the policy names, those that Mistral serves; and
 * all that were used, also where the policy allows every model.
 */
export function judgeUnknownPrices(
  policy: Policy,
  models: readonly MistralModel[],
  { prices, used, published }: PriceFacts,
  now: Date,
): readonly Finding[] {
  const book = createPriceBook(
    policy,
    () => now.getTime(),
    () => published,
  );
  const exact = exactModels(models, book.models);
  const named = [...policy.workspaces, ...Object.values(policy.roles)].flatMap((one) =>
    one.models === '*' ? [] : one.models,
  );
  const ids = new Set([...named.flatMap((name) => exact.get(name)?.id ?? []), ...used]);
  return [...ids].sort().flatMap((id) => {
    const known = book.pricesOf(id);
    if (known !== undefined && known.source !== 'most-expensive') return [];
    const model = toSafeLine(id);
    const billed = prices.get(id);
    return [
      driftFinding('unknown-price', 'model', model, now, {
        workspace: ORGANIZATION,
        summary: known
          ? 'No price is known: its requests are charged as the most expensive model.'
          : 'No price is known: its requests are refused (model_not_priced).',
        evidence: {
          unknownModel: policy.prices.unknownModel,
          ...(billed && { bill: figures(billed) }),
        },
        nextStep: billed
          ? `Add the prices that Mistral bills in ${policy.mistral.currency} to governance.yaml, then deploy: ${policyLines(model, billed)}`
          : `Add the model's prices per million tokens in ${policy.mistral.currency} to governance.yaml, then deploy: prices: { models: { ${JSON.stringify(model)}: { inputPerMillionTokens: …, cachedPerMillionTokens: …, outputPerMillionTokens: … } } }`,
      }),
    ];
  });
}

/**
 * Models for which Mistral bills other prices than policy or price book have. Where the bill's prices
 * count, only lines of the policy that no longer do.
 */
export function judgePriceDrift(
  policy: Policy,
  { prices }: Pick<PriceFacts, 'prices'>,
  now: Date,
): readonly Finding[] {
  const today = utcDay(now);
  const { currency } = policy.mistral;
  const known = knownPrices(policy, now);
  return [...prices].sort().flatMap(([id, billed]) => {
    const ours = known(id);
    if (!ours || !UNITS.some((unit) => isOther(billed[unit], ours.unitPrices[unit]))) return [];
    const countsBill = policy.prices.source === 'bill';
    const isPolicy = ours.source === 'policy';
    if (countsBill && !isPolicy) return [];
    const model = toSafeLine(id);
    const place = isPolicy ? 'prices.models of the policy' : 'the price book';
    const compared = Object.fromEntries(
      UNITS.flatMap((unit) => (billed[unit] ? [[unit, ours.unitPrices[unit]]] : [])),
    );
    const all = { ...ours.unitPrices, ...billed };
    return [
      driftFinding('price-drift', 'model', model, now, {
        workspace: ORGANIZATION,
        summary: `Mistral bills other prices than ${place}: ${figures(billed)}, not ${figures(compared)}.`,
        evidence: {
          bill: figures(billed),
          [isPolicy ? 'policy' : 'priceBook']: figures(compared),
          currency,
        },
        nextStep: countsBill
          ? `Remove the lines of ${model} from prices.models in governance.yaml, since the bill's prices count, then deploy`
          : `Check the bill, ${isPolicy ? 'change' : 'add'} the prices in ${currency} in governance.yaml, then deploy: ${policyLines(model, all, today, isPolicy)}`,
      }),
    ];
  });
}

/** Those of policy and price book today, without what the bill says. */
function knownPrices(policy: Policy, now: Date) {
  const today = utcDay(now);
  const dated = datedPrices(policy);
  return (id: string) => {
    const all = dated.get(id);
    return all && pricesOn(all, today);
  };
}

const TOLERANCE = fraction(1001n, 1000n);

/** By more than Mistral may have rounded. */
function isOther(billed: Fraction | undefined, ours: Fraction): boolean {
  if (billed === undefined) return false;
  return isMore(billed, multiply(ours, TOLERANCE)) || isMore(ours, multiply(billed, TOLERANCE));
}

/** `inputPerMillionTokens 0.7, outputPerMillionTokens 2.1` */
function figures(prices: ReportedPrices): string {
  const fields = Object.entries(pricesInFields(prices));
  return fields.map(([field, price]) => `${field} ${price}`).join(', ') || 'nothing';
}

/** One line of YAML, to paste. */
function policyLines(
  model: string,
  prices: ReportedPrices | UnitPrices,
  from?: string,
  isChange = false,
): string {
  const fields = Object.entries(pricesInFields(prices)).map(
    ([field, price]) => `${field}: ${price}`,
  );
  const lines = `{ ${[...(from ? [`from: ${from}`] : []), ...fields].join(', ')} }`;
  const entry = isChange ? `{ …, changes: [${lines}] }` : lines;
  return `prices: { models: { ${JSON.stringify(model)}: ${entry} } }`;
}
