import { expect } from 'vitest';
import { monthlyUsage, UsageSchema } from '../../governance/mistral/organization.js';
import { billedSpend } from '../../governance/spend/billed-spend.js';
import { type GeneratedBill, generatedBills } from '../support/generated-bills.js';

/** Each seed's bill, before and after more of it came, is right to the last digit. */
export function expectBills(seeds: Iterable<number>, rowCount: number) {
  const seen = { bills: 0, rows: 0, kinds: new Set<string>() };
  for (const seed of seeds) {
    for (const bill of generatedBills(seed, rowCount)) {
      expect({ seed, ...billOf(bill) }).toEqual({ seed, ...bill.right });
      seen.bills += 1;
      seen.rows += bill.rows;
      for (const kind of bill.kinds) seen.kinds.add(kind);
    }
  }
  return seen;
}

/** As the product reads it from the text of an answer. */
function billOf({ answer }: GeneratedBill): GeneratedBill['right'] {
  const spend = billedSpend(monthlyUsage(UsageSchema.parse(JSON.parse(JSON.stringify(answer)))));
  const { currency = 'none', totalNanos, nanosByDay, byModel, unpriced, unreadable } = spend;
  return {
    currency,
    totalNanos,
    nanosByDay: Object.fromEntries(nanosByDay),
    nanosByModel: Object.fromEntries(byModel.map(({ model, nanos }) => [model, nanos])),
    unpriced: unpriced
      .map((one) => `${one.category} ${one.billingMetric} ${one.billingGroup} ${one.value}`)
      .sort(),
    unreadable: unreadable
      .map(({ category, billingMetric, billingGroup, given }) => {
        return `${category} ${billingMetric} ${billingGroup} ${JSON.stringify(given)}`;
      })
      .sort(),
  };
}
