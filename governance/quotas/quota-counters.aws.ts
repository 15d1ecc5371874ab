import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { type Counter, EMPTY_COUNTER, type Exchange, growthOf, type Lease } from './counter.js';
import type { CounterKey } from './shards.js';

export interface ExchangeAnswer {
  readonly happened: boolean;
  /** As it is afterwards. */
  readonly counter: Counter;
  /** It took several attempts, one of which may still be on its way. */
  readonly wasRepeated: boolean;
}

/** The counters of all quotas. Every method throws if no answer comes. */
export interface QuotaCounters {
  read(key: CounterKey): Promise<Counter>;
  /** One conditional write. It happens in full or not at all, and each sequence number once. */
  exchange(key: CounterKey, exchange: Exchange, expiresAtMs: number): Promise<ExchangeAnswer>;
}

export interface QuotaCountersOptions {
  /**
   * How long a call may take, including retries of the SDK.
   *
   * @default 3000
   */
  readonly timeoutMs?: number;
}

const LEASE_PREFIX = 'lease#';

// Amounts are whole numbers below 2^53: nine million dollars in nano-dollars.
const NumberSchema = z.object({ N: z.coerce.number<string>().int() }).transform(({ N }) => N);

const CountsSchema = z.object({
  settled: NumberSchema.default(0),
  committed: NumberSchema.default(0),
  refused: NumberSchema.optional(),
});

const LeaseSchema = z.object({ S: z.string().regex(/^\d+( \d+){3}$/) });

const NO_COUNT = 'attribute_not_exists(#committed)';
const FITS = '#committed <= :room';

export function createQuotaCounters(
  client: DynamoDBClient,
  TableName: string,
  { timeoutMs = 3000 }: QuotaCountersOptions = {},
): QuotaCounters {
  async function itemOf(pk: string, sk: string): Promise<Counter | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName,
        Key: { pk: { S: pk }, sk: { S: sk } },
        ConsistentRead: true,
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    return Item && parseCounter(Item);
  }

  /** Until a request makes the item, what was counted before under the workspace's name is its count. */
  async function read({ pk, sk, formerPk }: CounterKey): Promise<Counter> {
    const counter = (await itemOf(pk, sk)) ?? (formerPk && (await itemOf(formerPk, sk)));
    return counter || EMPTY_COUNTER;
  }

  /** Carries into a new item what was counted before under the workspace's name. */
  async function carriedOver(
    { pk, sk, formerPk }: CounterKey,
    fresh: Counter,
    abortSignal: AbortSignal,
  ): Promise<Counter> {
    const former = formerPk && (await itemOf(formerPk, sk));
    if (!former) return fresh;
    let used = former.settled;
    for (const { inFlight } of former.leases.values()) used += inFlight;
    const { Attributes = {} } = await client.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'ADD settled :used, committed :used',
        ExpressionAttributeValues: { ':used': numberOf(used) },
        ReturnValues: 'ALL_NEW',
      }),
      { abortSignal },
    );
    return parseCounter(Attributes);
  }

  return {
    read,

    async exchange(key, exchange, expiresAtMs) {
      const command = new UpdateItemCommand({ TableName, ...updateOf(key, exchange, expiresAtMs) });
      try {
        const abortSignal = AbortSignal.timeout(timeoutMs);
        const { Attributes = {}, $metadata } = await client.send(command, { abortSignal });
        const wasRepeated = isRepeated($metadata);
        const written = parseCounter(Attributes);
        const counter = isFirst(written, exchange)
          ? await carriedOver(key, written, abortSignal)
          : written;
        return { happened: true, counter, wasRepeated };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // Dynalite does not return the item, and a missing item cannot be returned.
        const { pk, sk } = key;
        const found = error.Item ? parseCounter(error.Item) : await itemOf(pk, sk);
        const counter = found ?? EMPTY_COUNTER;
        return { happened: false, counter, wasRepeated: isRepeated(error.$metadata) };
      }
    },
  };
}

function updateOf({ pk, sk }: CounterKey, exchange: Exchange, expiresAtMs: number) {
  const { holderId, before, after, settle, limit, refused } = exchange;
  const growth = growthOf(exchange);
  const conditions = [
    before ? '#lease = :before' : 'attribute_not_exists(#lease)',
    ...(limit === undefined ? [] : [growth <= limit ? `(${NO_COUNT} OR ${FITS})` : FITS]),
  ];
  return {
    Key: { pk: { S: pk }, sk: { S: sk } },
    UpdateExpression: `${after ? 'SET #lease = :lease,' : 'REMOVE #lease SET'} #expiresAt = :expiresAt${refused === undefined ? '' : ', #refused = :refused'} ADD #settled :settle, #committed :growth`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: {
      '#lease': leaseName(holderId),
      '#expiresAt': 'expiresAt',
      '#settled': 'settled',
      '#committed': 'committed',
      ...(refused !== undefined && { '#refused': 'refused' }),
    },
    ExpressionAttributeValues: {
      ':expiresAt': numberOf(Math.ceil(expiresAtMs / 1000)),
      ':settle': numberOf(settle),
      ':growth': numberOf(growth),
      ...(refused !== undefined && { ':refused': numberOf(refused) }),
      ...(before && { ':before': { S: writeLease(before) } }),
      ...(after && { ':lease': { S: writeLease(after) } }),
      ...(limit !== undefined && { ':room': numberOf(limit - growth) }),
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
}

/** Whether this exchange made the item: nothing else is in it. */
function isFirst({ settled, committed }: Counter, exchange: Exchange): boolean {
  return settled === exchange.settle && committed === growthOf(exchange);
}

function numberOf(value: number): AttributeValue.NMember {
  return { N: String(value) };
}

function isRepeated({ attempts = 1 }: { readonly attempts?: number }): boolean {
  return attempts > 1;
}

/** The counter in an item: `settled`, `committed`, and a `lease#<holder id>` for every lease. */
function parseCounter(item: Record<string, AttributeValue>): Counter {
  const leases = new Map<string, Lease>();
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith(LEASE_PREFIX))
      leases.set(name.slice(LEASE_PREFIX.length), readLease(value));
  }
  return { ...CountsSchema.parse(item), leases };
}

function leaseName(holderId: string): string {
  return `${LEASE_PREFIX}${holderId}`;
}

/**
 * Amount, in flight, until and sequence in one string: every write returns the leases of all holders,
 * and the SDK takes twice as long to read them as maps, which also cost more by their size.
 */
function writeLease({ amount, inFlight, until, sequence }: Lease): string {
  return `${amount} ${inFlight} ${until} ${sequence}`;
}

function readLease(value: AttributeValue): Lease {
  const [amount = 0, inFlight = 0, until = 0, sequence = 0] = LeaseSchema.parse(value)
    .S.split(' ')
    .map(Number);
  return { amount, inFlight, until, sequence };
}
