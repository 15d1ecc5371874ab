import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Counter, Lease } from '../domain/quota/counter.js';

const LEASE_PREFIX = 'lease#';

// Amounts are whole numbers below 2^53: nine million dollars in nano-dollars.
const NumberSchema = z.object({ N: z.coerce.number<string>().int() }).transform(({ N }) => N);

const LeaseSchema = z
  .object({
    M: z.object({
      amount: NumberSchema,
      inFlight: NumberSchema,
      until: NumberSchema,
      sequence: NumberSchema,
    }),
  })
  .transform(({ M }) => M);

const CountsSchema = z.object({
  settled: NumberSchema.default(0),
  committed: NumberSchema.default(0),
});

/** The counter in an item: `settled`, `committed`, and a `lease#<holder id>` for every lease. */
export function parseCounter(item: Record<string, AttributeValue>): Counter {
  const leases = new Map<string, Lease>();
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith(LEASE_PREFIX))
      leases.set(name.slice(LEASE_PREFIX.length), LeaseSchema.parse(value));
  }
  return { ...CountsSchema.parse(item), leases };
}
