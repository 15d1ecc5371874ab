import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import { itemsOfPartition } from '../platform/partition.aws.js';
import { type SpendState, SpendStateSchema } from './spend-state.js';

/** A workspace's state as it was read or written. */
export interface RememberedSpend {
  readonly state: SpendState;
  /** Each write raises it, so that it shows whether another run wrote meanwhile. */
  readonly version: number;
  /** Until then the run that wrote last sends alerts, and no other run does. */
  readonly claimedUntil: Date | undefined;
}

/** Which alerts were sent about the spend of each workspace. */
export interface SpendMemory {
  /** By a workspace's id, or the name that it was remembered under before. */
  recall(): Promise<ReadonlyMap<string, RememberedSpend>>;
  /** `undefined` where another run wrote since `before` was read: then nothing is changed. */
  remember(
    id: string,
    before: RememberedSpend | undefined,
    state: SpendState,
    now: Date,
    claimedUntil?: Date,
  ): Promise<RememberedSpend | undefined>;
}

const PARTITION = 'spend';

// Longer than a month's budget; written again at least at each of its thresholds.
export const SPEND_SECONDS = 100 * 86_400;

const NumberSchema = z.object({ N: z.coerce.number<string>().int() }).transform(({ N }) => N);

const ItemSchema = z.object({
  sk: z.object({ S: z.string() }),
  version: NumberSchema,
  entry: z.object({ S: z.string().transform(parseJson).pipe(SpendStateSchema) }),
  claimedUntil: NumberSchema.optional(),
});

export function createSpendMemory(client: DynamoDBClient, TableName: string): SpendMemory {
  return {
    async recall() {
      const remembered = new Map<string, RememberedSpend>();
      for (const item of await itemsOfPartition(client, TableName, PARTITION)) {
        const { sk, version, entry, claimedUntil } = ItemSchema.parse(item);
        const claim = claimedUntil === undefined ? undefined : new Date(claimedUntil);
        remembered.set(sk.S, { state: entry.S, version, claimedUntil: claim });
      }
      return remembered;
    },

    async remember(id, before, state, now, claimedUntil) {
      const version = (before?.version ?? 0) + 1;
      const write = new PutItemCommand({
        TableName,
        Item: {
          pk: { S: PARTITION },
          sk: { S: id },
          version: { N: String(version) },
          entry: { S: JSON.stringify(state) },
          expiresAt: { N: String(Math.floor(now.getTime() / 1000) + SPEND_SECONDS) },
          ...(claimedUntil && { claimedUntil: { N: String(claimedUntil.getTime()) } }),
        },
        ...(before
          ? {
              ConditionExpression: 'version = :before',
              ExpressionAttributeValues: { ':before': { N: String(before.version) } },
            }
          : { ConditionExpression: 'attribute_not_exists(pk)' }),
      });
      try {
        await client.send(write);
        return { state, version, claimedUntil };
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },
  };
}
