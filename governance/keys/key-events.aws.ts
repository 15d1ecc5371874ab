import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import { addDays, utcDay } from '../platform/utc-day.js';
import { threadOf } from './rotation.js';

const EventSchema = z.object({
  /** The secret that it is about. */
  subject: z.string(),
  type: z.string(),
  workspace: z.string(),
  at: z.iso.datetime(),
  title: z.string(),
  description: z.string(),
  facts: z.record(z.string(), z.string()),
});

/** What happened to a key, as on-call was notified of it. */
export type KeyEvent = Readonly<z.infer<typeof EventSchema>>;

/** The events of all keys, of those that left the policy too. */
export interface KeyEvents {
  /** In order of time, from an instant on and before another. */
  between(from: Date, until: Date): AsyncIterable<KeyEvent>;
  /** What the key of a version is called: its id, or in operator mode its name in Mistral's console. */
  keyOf(secretName: string, versionId: string): Promise<string | undefined>;
}

const RotationSchema = z.object({
  type: z.literal('rotation-succeeded'),
  threadId: z.string(),
  facts: z.object({ 'new key': z.string() }),
});

const ItemSchema = z.object({ entry: z.object({ S: z.string().transform(parseJson) }) });

/** One partition for each day, so that the events of a night are found without the keys. */
export function eventPartition(at: Date): string {
  return `events#${utcDay(at)}`;
}

/** And one for each secret, for who looks at one. */
export function historyPartition(secretName: string): string {
  return `history#${secretName}`;
}

export function createKeyEvents(client: DynamoDBClient, TableName: string): KeyEvents {
  return {
    async *between(from, until) {
      const end = eventPartition(until);
      for (let day = utcDay(from); `events#${day}` <= end; day = addDays(day, 1)) {
        const pages = paginateQuery(
          { client },
          {
            TableName,
            KeyConditionExpression: 'pk = :day AND sk BETWEEN :from AND :until',
            ExpressionAttributeValues: {
              ':day': { S: `events#${day}` },
              ':from': { S: from.toISOString() },
              ':until': { S: until.toISOString() }, // it sorts before all of that instant
            },
            ConsistentRead: true,
          },
        );
        for await (const { Items = [] } of pages) {
          for (const item of Items) yield EventSchema.parse(ItemSchema.parse(item).entry.S);
        }
      }
    },

    async keyOf(secretName, versionId) {
      const pages = paginateQuery(
        { client },
        {
          TableName,
          KeyConditionExpression: 'pk = :secret',
          ExpressionAttributeValues: { ':secret': { S: historyPartition(secretName) } },
          ScanIndexForward: false,
        },
      );
      for await (const { Items = [] } of pages) {
        for (const item of Items) {
          const rotation = RotationSchema.safeParse(ItemSchema.parse(item).entry.S).data;
          if (rotation?.threadId === threadOf(versionId)) return rotation.facts['new key'];
        }
      }
      return undefined;
    },
  };
}
