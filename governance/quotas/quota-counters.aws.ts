import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Counter, EMPTY_COUNTER, type Exchange, growthOf } from './counter.js';
import { leaseName, parseCounter, writeLease } from './quota-item.aws.js';
import type { CounterKey } from './shards.js';

export interface ExchangeAnswer {
  readonly happened: boolean;
  /** As it is after that. */
  readonly counter: Counter;
  /** It took several attempts, so that one of them may still be on its way. */
  readonly wasRepeated: boolean;
}

/** What quotas are counted in. Every method throws where no answer came. */
export interface QuotaCounters {
  read(key: CounterKey): Promise<Counter>;
  /** One conditional write. It happens in full or not at all, and no sequence number twice. */
  exchange(key: CounterKey, exchange: Exchange, expiresAtMs: number): Promise<ExchangeAnswer>;
}

export interface QuotaCountersOptions {
  /**
   * How long a call may take, attempts of the SDK included.
   *
   * @default 3000
   */
  readonly timeoutMs?: number;
}

const NO_COUNT = 'attribute_not_exists(#committed)';
const FITS = '#committed <= :room';

export function createQuotaCounters(
  client: DynamoDBClient,
  TableName: string,
  { timeoutMs = 3000 }: QuotaCountersOptions = {},
): QuotaCounters {
  async function read({ pk, sk }: CounterKey): Promise<Counter> {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName,
        Key: { pk: { S: pk }, sk: { S: sk } },
        ConsistentRead: true,
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    return Item ? parseCounter(Item) : EMPTY_COUNTER;
  }

  return {
    read,

    async exchange(key, exchange, expiresAtMs) {
      const command = new UpdateItemCommand({ TableName, ...updateOf(key, exchange, expiresAtMs) });
      try {
        const { Attributes = {}, $metadata } = await client.send(command, {
          abortSignal: AbortSignal.timeout(timeoutMs),
        });
        const wasRepeated = isRepeated($metadata);
        return { happened: true, counter: parseCounter(Attributes), wasRepeated };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // Dynalite does not send the item along, and an item that is not there cannot be sent.
        const counter = error.Item ? parseCounter(error.Item) : await read(key);
        return { happened: false, counter, wasRepeated: isRepeated(error.$metadata) };
      }
    },
  };
}

function updateOf({ pk, sk }: CounterKey, exchange: Exchange, expiresAtMs: number) {
  const { holderId, before, after, settle, limit } = exchange;
  const growth = growthOf(exchange);
  const conditions = [
    before ? '#lease = :before' : 'attribute_not_exists(#lease)',
    ...(limit === undefined ? [] : [growth <= limit ? `(${NO_COUNT} OR ${FITS})` : FITS]),
  ];
  return {
    Key: { pk: { S: pk }, sk: { S: sk } },
    UpdateExpression: `${after ? 'SET #lease = :lease,' : 'REMOVE #lease SET'} #expiresAt = :expiresAt ADD #settled :settle, #committed :growth`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: {
      '#lease': leaseName(holderId),
      '#expiresAt': 'expiresAt',
      '#settled': 'settled',
      '#committed': 'committed',
    },
    ExpressionAttributeValues: {
      ':expiresAt': numberOf(Math.ceil(expiresAtMs / 1000)),
      ':settle': numberOf(settle),
      ':growth': numberOf(growth),
      ...(before && { ':before': { S: writeLease(before) } }),
      ...(after && { ':lease': { S: writeLease(after) } }),
      ...(limit !== undefined && { ':room': numberOf(limit - growth) }),
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  } as const;
}

function numberOf(value: number): AttributeValue.NMember {
  return { N: String(value) };
}

function isRepeated({ attempts = 1 }: { readonly attempts?: number }): boolean {
  return attempts > 1;
}
