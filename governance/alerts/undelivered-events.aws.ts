import { createHash } from 'node:crypto';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import type { EventEntry } from './state-event.js';

/** Events that the bus did not take, until it does. */
export interface UndeliveredEvents {
  keep(id: string, entry: EventEntry): Promise<void>;
  /** The oldest ones, so many at most. */
  oldest(count: number): Promise<readonly Kept[]>;
  forget(kept: Kept): Promise<void>;
}

export interface Kept {
  readonly sk: string;
  readonly entry: EventEntry;
}

const PARTITION = { S: 'undelivered-events' };
/** A bus that is not there for that long is not missed. */
const KEPT_SECONDS = 14 * 86_400;

const EntrySchema = z.object({
  Source: z.string(),
  DetailType: z.string(),
  Detail: z.string(),
  Resources: z.array(z.string()),
  timeMs: z.number(),
});
const ItemSchema = z.object({
  sk: z.object({ S: z.string() }),
  entry: z.object({ S: z.string().transform(parseJson).pipe(EntrySchema) }),
});

export function createUndeliveredEvents(
  client: DynamoDBClient,
  TableName: string,
): UndeliveredEvents {
  return {
    async keep(id, entry) {
      const Item = {
        pk: PARTITION,
        sk: { S: `${new Date(entry.timeMs).toISOString()}#${hashOf(id)}` },
        entry: { S: JSON.stringify(entry) },
        expiresAt: { N: String(Math.floor(entry.timeMs / 1000) + KEPT_SECONDS) },
      };
      await client.send(new PutItemCommand({ TableName, Item }));
    },

    async oldest(count) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': PARTITION },
          Limit: count,
        }),
      );
      return Items.map((item) => {
        const { sk, entry } = ItemSchema.parse(item);
        return { sk: sk.S, entry: entry.S };
      });
    },

    async forget({ sk }) {
      await client.send(
        new DeleteItemCommand({ TableName, Key: { pk: PARTITION, sk: { S: sk } } }),
      );
    },
  };
}

/** Ids have names of others in them, of any length. */
function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
