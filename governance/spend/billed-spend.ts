import type { MonthlyUsage } from '../mistral/mistral-limits.js';
import { text, type UsageRow, usageRows } from '../mistral/usage-rows.js';
import {
  add,
  exactCeiling,
  type Fraction,
  fraction,
  isMore,
  multiply,
  parseDecimal,
  parseSignedDecimal,
  ZERO,
} from '../platform/fraction.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';

/** What a row of the bill is for. */
export type UsageKind = Pick<UsageRow, 'category' | 'billingMetric' | 'billingGroup'>;

/** Usage without a price, so that its cost is not in the total. */
export interface UnpricedUsage extends UsageKind {
  /** Below zero for a refund. */
  readonly value: number;
}

/** Usage whose amount is not a number, so that nothing can be said of its cost. */
export interface UnreadableUsage extends UsageKind {
  /** What Mistral gave as the amount. */
  readonly given: unknown;
}

/**
 * What Mistral charges for a month, in nano-units of its own currency. Refunds are subtracted. Sums above
 * 9,007,199.25 are as exact as a number can be, to less than a millionth of a cent.
 */
export interface BilledSpend {
  readonly currency: string | undefined;
  readonly totalNanos: number;
  /** Rows without a readable time are in the total alone. */
  readonly nanosByDay: ReadonlyMap<IsoDate, number>;
  /** What the month's spend went to, the most expensive first. */
  readonly byModel: readonly ModelSpend[];
  readonly unpriced: readonly UnpricedUsage[];
  readonly unreadable: readonly UnreadableUsage[];
}

export interface ModelSpend {
  readonly model: string;
  readonly nanos: number;
}

const NANOS = fraction(1_000_000_000n);

// No usage costs a quadrillion: what a row of more says was not meant as an amount.
const LARGEST = fraction(10n ** 15n);

/** Sums are exact; each is rounded up once, to a whole nano-unit. */
export function billedSpend(usage: MonthlyUsage): BilledSpend {
  const prices = billedPrices(usage.prices);
  let total = ZERO;
  const days = new Map<IsoDate, Fraction>();
  const models = new Map<string, Fraction>();
  const unpriced: UnpricedUsage[] = [];
  const unreadable: UnreadableUsage[] = [];
  for (const row of usageRows(usage)) {
    const value = parseSignedDecimal(row.value);
    if (value?.numerator === 0n) continue; // costs nothing at any price
    const price = priceOf(prices, row);
    const cost = value && price && multiply(value, price);
    if (value === undefined || (cost && isMore(sizeOf(cost), LARGEST))) {
      unreadable.push({ ...kindOf(row), given: row.value });
      continue;
    }
    if (cost === undefined) {
      unpriced.push({ ...kindOf(row), value: Number(row.value) });
      continue;
    }
    total = add(total, cost);
    addTo(days, dayOf(row.timestamp), cost);
    addTo(models, row.model, cost);
  }
  return {
    currency: usage.currency,
    totalNanos: nanos(total),
    nanosByDay: new Map([...days].map(([day, cost]) => [day, nanos(cost)])),
    byModel: [...models]
      .map(([model, cost]) => ({ model, nanos: nanos(cost) }))
      .filter((one) => one.nanos > 0)
      .sort((one, other) => other.nanos - one.nanos),
    unpriced,
    unreadable,
  };
}

function addTo(sums: Map<string, Fraction>, key: string | undefined, cost: Fraction): void {
  if (key !== undefined) sums.set(key, add(sums.get(key) ?? ZERO, cost));
}

function kindOf({ category, billingMetric, billingGroup }: UsageRow): UsageKind {
  return { category, billingMetric, billingGroup };
}

function sizeOf({ numerator, denominator }: Fraction): Fraction {
  return fraction(numerator < 0n ? -numerator : numerator, denominator);
}

/** `2026-11-14`, or a date-time, which is in UTC where it names no zone. */
export function dayOf(timestamp: string | undefined): IsoDate | undefined {
  if (timestamp === undefined || !/^\d{4}-\d\d-\d\d/.test(timestamp)) return undefined;
  const hasZone = timestamp.length === 10 || /(z|[+-]\d\d:?\d\d)$/i.test(timestamp);
  const at = new Date(hasZone ? timestamp : `${timestamp}Z`);
  return Number.isNaN(at.getTime()) ? undefined : utcDay(at);
}

function nanos(cost: Fraction): number {
  return Number(exactCeiling(multiply(cost, NANOS)));
}

interface BilledPrice extends Pick<UsageRow, 'eventType' | 'apiZone' | 'serviceTier'> {
  /** `undefined` where it is not a number, or negative. */
  readonly price: Fraction | undefined;
}

/** The organization's own prices, by what they are for. */
type BilledPrices = ReadonlyMap<string, readonly BilledPrice[]>;

function billedPrices(rows: MonthlyUsage['prices']): BilledPrices {
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
function priceOf(prices: BilledPrices, row: UsageRow): Fraction | undefined {
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
