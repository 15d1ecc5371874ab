import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import { type BilledPrices, BilledPricesSchema, PRICES_PARTITION } from './billed-prices.js';

/** The organization's own prices in the quota table, where gateways and services read them. */
export interface PublishedPrices {
  /** `undefined` before the first audit. */
  read(): Promise<BilledPrices | undefined>;
  publish(prices: BilledPrices): Promise<void>;
}

const KEY = { pk: { S: PRICES_PARTITION }, sk: { S: 'bill' } };

const ItemSchema = z.object({
  entry: z.object({ S: z.string().transform(parseJson).pipe(BilledPricesSchema) }),
});

export function createPublishedPrices(client: DynamoDBClient, TableName: string): PublishedPrices {
  return {
    async read() {
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: KEY }));
      return Item && ItemSchema.parse(Item).entry.S;
    },

    async publish(prices) {
      const entry = { S: JSON.stringify(prices) };
      await client.send(new PutItemCommand({ TableName, Item: { ...KEY, entry } }));
    },
  };
}
