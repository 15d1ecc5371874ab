import type { MonthlyUsage } from '../mistral/mistral-limits.js';
import { type Fraction, isMore, parseDecimal } from '../platform/fraction.js';
import { text, type UsageRow } from './usage-rows.js';

interface BilledPrice {
  readonly eventType: string | undefined;
  readonly apiZone: string | undefined;
  readonly serviceTier: string | undefined;
  /** `undefined` where it is not a number, or negative. */
  readonly price: Fraction | undefined;
}

/** The organization's own prices, by what they are for. */
export type BilledPrices = ReadonlyMap<string, readonly BilledPrice[]>;

export function billedPrices(rows: MonthlyUsage['prices']): BilledPrices {
  const prices = new Map<string, BilledPrice[]>();
  for (const row of rows) {
    const key = keyOf(text(row.billing_metric) ?? '', text(row.billing_group) ?? '');
    const price = {
      eventType: text(row.event_type),
      apiZone: text(row.api_zone),
      serviceTier: text(row.service_tier),
      price: parseDecimal(row.price),
    };
    prices.set(key, [...(prices.get(key) ?? []), price]);
  }
  return prices;
}

/** The price that says most of what the row says; of several that do, the highest. */
export function priceOf(prices: BilledPrices, row: UsageRow): Fraction | undefined {
  let closest = -1;
  let found: Fraction | undefined;
  for (const candidate of prices.get(keyOf(row.billingMetric, row.billingGroup)) ?? []) {
    const closeness = closenessOf(candidate, row);
    if (closeness === undefined || closeness < closest) continue;
    const { price } = candidate;
    if (closeness > closest) found = price;
    else if (price && (found === undefined || isMore(price, found))) found = price;
    closest = closeness;
  }
  return found;
}

/** `undefined` where they contradict each other. What a row leaves out has its usual value. */
function closenessOf(price: BilledPrice, row: UsageRow): number | undefined {
  const fields = [
    agreement(price.eventType, row.eventType, undefined),
    agreement(price.apiZone, row.apiZone, 'global'),
    agreement(price.serviceTier, row.serviceTier, 'standard'),
  ];
  let closeness = 0;
  for (const field of fields) {
    if (field === undefined) return undefined;
    closeness += field;
  }
  return closeness;
}

function agreement(
  ofPrice: string | undefined,
  ofRow: string | undefined,
  usual: string | undefined,
): number | undefined {
  if (ofPrice === undefined) return 0;
  if (ofRow === undefined) return ofPrice === usual ? 1 : 0;
  return ofPrice === ofRow ? 1 : undefined;
}

function keyOf(billingMetric: string, billingGroup: string): string {
  return JSON.stringify([billingMetric, billingGroup]);
}
