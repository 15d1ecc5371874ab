import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Counter, Lease } from './counter.js';

const LEASE_PREFIX = 'lease#';

// Amounts are whole numbers below 2^53: nine million dollars in nano-dollars.
const NumberSchema = z.object({ N: z.coerce.number<string>().int() }).transform(({ N }) => N);

const CountsSchema = z.object({
  settled: NumberSchema.default(0),
  committed: NumberSchema.default(0),
});

const LeaseSchema = z.object({ S: z.string().regex(/^\d+( \d+){3}$/) });

/** The counter in an item: `settled`, `committed`, and a `lease#<holder id>` for every lease. */
export function parseCounter(item: Record<string, AttributeValue>): Counter {
  const leases = new Map<string, Lease>();
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith(LEASE_PREFIX))
      leases.set(name.slice(LEASE_PREFIX.length), readLease(value));
  }
  return { ...CountsSchema.parse(item), leases };
}

export function leaseName(holderId: string): string {
  return `${LEASE_PREFIX}${holderId}`;
}

/**
 * Amount, in flight, until and sequence in one string, since every write returns the leases of all
 * holders: as maps they would take twice the SDK's time to read, and be paid for by their size.
 */
export function writeLease({ amount, inFlight, until, sequence }: Lease): string {
  return `${amount} ${inFlight} ${until} ${sequence}`;
}

function readLease(value: AttributeValue): Lease {
  const [amount = 0, inFlight = 0, until = 0, sequence = 0] = LeaseSchema.parse(value)
    .S.split(' ')
    .map(Number);
  return { amount, inFlight, until, sequence };
}
