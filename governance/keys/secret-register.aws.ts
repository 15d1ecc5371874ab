import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import { itemsOfPartition } from '../platform/partition.aws.js';

/** What is kept of a managed secret, so that its key is retired once it leaves the policy. */
export const RegisteredSecretSchema = z.object({
  secretName: z.string().min(1),
  workspace: z.string().min(1),
  /** When a deploy last found it in the policy. */
  plannedAt: z.iso.datetime(),
  /** When its first rotation was started after that. */
  startedAt: z.iso.datetime().optional(),
  /** It was there before, so that it is given back with its key. */
  existing: z.literal(true).optional(),
});

export type RegisteredSecret = Readonly<z.infer<typeof RegisteredSecretSchema>>;

/** The managed secrets of earlier deploys. */
export interface SecretRegister {
  all(): Promise<readonly RegisteredSecret[]>;
  put(secret: RegisteredSecret): Promise<void>;
  forget(secretName: string): Promise<void>;
}

const PARTITION = 'managed-secrets';

const ItemSchema = z.object({ entry: z.object({ S: z.string().transform(parseJson) }) });

export function createSecretRegister(client: DynamoDBClient, TableName: string): SecretRegister {
  return {
    async all() {
      const items = await itemsOfPartition(client, TableName, PARTITION);
      return items.map((item) => RegisteredSecretSchema.parse(ItemSchema.parse(item).entry.S));
    },

    async put(secret) {
      const entry = { S: JSON.stringify(secret) };
      const Item = { ...keyOf(secret.secretName), entry };
      await client.send(new PutItemCommand({ TableName, Item }));
    },

    async forget(secretName) {
      await client.send(new DeleteItemCommand({ TableName, Key: keyOf(secretName) }));
    },
  };
}

function keyOf(secretName: string) {
  return { pk: { S: PARTITION }, sk: { S: secretName } };
}
