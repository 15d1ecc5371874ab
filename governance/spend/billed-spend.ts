import type { MonthlyUsage } from '../mistral/mistral-limits.js';
import {
  add,
  ceiling,
  type Fraction,
  fraction,
  multiply,
  parseDecimal,
  ZERO,
} from '../platform/fraction.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';
import { billedPrices, priceOf } from './billed-prices.js';
import { type UsageRow, usageRows } from './usage-rows.js';

/** A row whose cost cannot be told, so that the spend is more than what is told. */
export interface UnpricedUsage {
  readonly category: string;
  readonly billingMetric: string;
  readonly billingGroup: string;
  /** `undefined` where Mistral gave nothing that can be read as a number. */
  readonly value: number | undefined;
}

/** What Mistral charges for a month, in nano-units of its own currency. */
export interface BilledSpend {
  readonly currency: string | undefined;
  readonly totalNanos: number;
  /** Rows without a readable time are in the total alone. */
  readonly nanosByDay: ReadonlyMap<IsoDate, number>;
  readonly unpriced: readonly UnpricedUsage[];
}

const NANOS = fraction(1_000_000_000n);

/** Sums are exact; each is rounded up once, to a whole nano-unit. */
export function billedSpend(usage: MonthlyUsage): BilledSpend {
  const prices = billedPrices(usage.prices);
  let total = ZERO;
  const days = new Map<IsoDate, Fraction>();
  const unpriced: UnpricedUsage[] = [];
  for (const row of usageRows(usage)) {
    const value = parseDecimal(row.value);
    if (value?.numerator === 0n) continue; // nothing of it costs nothing, whatever its price
    const price = priceOf(prices, row);
    if (value === undefined || price === undefined) {
      unpriced.push(unpricedUsage(row, value));
      continue;
    }
    const cost = multiply(value, price);
    total = add(total, cost);
    const day = dayOf(row.timestamp);
    if (day !== undefined) days.set(day, add(days.get(day) ?? ZERO, cost));
  }
  return {
    currency: usage.currency,
    totalNanos: nanos(total),
    nanosByDay: new Map([...days].map(([day, cost]) => [day, nanos(cost)])),
    unpriced,
  };
}

function unpricedUsage(row: UsageRow, value: Fraction | undefined): UnpricedUsage {
  const { category, billingMetric, billingGroup } = row;
  return { category, billingMetric, billingGroup, value: value && Number(row.value) };
}

/** `2026-11-14`, or a date-time, which is in UTC where it names no zone. */
function dayOf(timestamp: string | undefined): IsoDate | undefined {
  if (timestamp === undefined || !/^\d{4}-\d\d-\d\d/.test(timestamp)) return undefined;
  const hasZone = timestamp.length === 10 || /(z|[+-]\d\d:?\d\d)$/i.test(timestamp);
  const at = new Date(hasZone ? timestamp : `${timestamp}Z`);
  return Number.isNaN(at.getTime()) ? undefined : utcDay(at);
}

function nanos(cost: Fraction): number {
  return ceiling(multiply(cost, NANOS));
}
