import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { isObject, parseJson } from '../platform/json.js';
import { OBJECT_INDEXES } from '../policy/object-indexes.js';
import type { ObjectKey, ObjectRecord, ObjectStore } from './objects.js';

export interface ObjectStoreOptions {
  /**
   * How long a call may take, including retries of the SDK.
   *
   * @default 3000
   */
  readonly timeoutMs?: number;
}

/** Records of a page of a list: one is some hundred bytes, so that a page is read in one call. */
const PAGE = 500;

const TextSchema = z.object({ S: z.string() }).transform(({ S }) => S);
const NumberSchema = z.object({ N: z.coerce.number<string>() }).transform(({ N }) => N);
const ItemSchema = z.object({
  pk: TextSchema,
  sk: TextSchema,
  owner: TextSchema,
  role: TextSchema,
  isShared: z.object({ BOOL: z.boolean() }).transform(({ BOOL }) => BOOL),
  createdAtMs: NumberSchema,
  expiresAt: NumberSchema.optional(),
  card: TextSchema,
});
const KindSchema = z.enum(['file', 'conversation', 'batch']);

/**
 * One item for each object: by workspace, kind and id, so that whose it is takes one consistent read. Lists
 * are read from local indexes, which are as consistent: what each owner created, and what is shared, by time.
 */
export function createObjectStore(
  client: DynamoDBClient,
  TableName: string,
  { timeoutMs = 3000 }: ObjectStoreOptions = {},
): ObjectStore {
  const limited = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) });

  async function* pages(query: Omit<QueryCommandInput, 'TableName'>) {
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName,
          ...query,
          ConsistentRead: true,
          Limit: PAGE,
          ExclusiveStartKey,
        }),
        limited(),
      );
      yield Items.map(recordOf);
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }

  return {
    async read(key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: keyOf(key), ConsistentRead: true }),
        limited(),
      );
      return Item && recordOf(Item);
    },

    async write(record) {
      try {
        await client.send(
          new PutItemCommand({ TableName, Item: itemOf(record), ...ofOwner(record.owner) }),
          limited(),
        );
        return 'written';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'of another caller';
        throw error;
      }
    },

    async remove(record) {
      try {
        await client.send(
          new DeleteItemCommand({ TableName, Key: keyOf(record), ...ofOwner(record.owner) }),
          limited(),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    // An ARN has no blank: what one owner's begin with, no other's do.
    ownedBy: (owner, of) =>
      pages({
        IndexName: OBJECT_INDEXES.ownedBy,
        KeyConditionExpression: 'pk = :pk AND begins_with(ownedAt, :owner)',
        ExpressionAttributeValues: { ':pk': { S: partitionOf(of) }, ':owner': { S: `${owner} ` } },
        ScanIndexForward: false,
      }),

    shared: (of) =>
      pages({
        IndexName: OBJECT_INDEXES.shared,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: partitionOf(of) } },
        ScanIndexForward: false,
      }),

    all: (of) =>
      pages({
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: partitionOf(of) } },
      }),
  };
}

/** On no record, or on one of the same owner. */
function ofOwner(owner: string) {
  return {
    ConditionExpression: 'attribute_not_exists(pk) OR #owner = :owner',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: { ':owner': { S: owner } },
  };
}

function partitionOf({ workspaceId, kind }: Pick<ObjectKey, 'workspaceId' | 'kind'>): string {
  return `${kind}#${workspaceId}`;
}

function keyOf(key: ObjectKey) {
  return { pk: { S: partitionOf(key) }, sk: { S: key.id } };
}

function itemOf(record: ObjectRecord): Record<string, AttributeValue> {
  const { owner, role, isShared, createdAtMs, expiresAtMs, card } = record;
  const at = `${String(createdAtMs).padStart(15, '0')} ${record.id}`;
  return {
    ...keyOf(record),
    [OBJECT_INDEXES.ownedBy]: { S: `${owner} ${at}` },
    ...(isShared && { [OBJECT_INDEXES.shared]: { S: at } }),
    owner: { S: owner },
    role: { S: role },
    isShared: { BOOL: isShared },
    createdAtMs: { N: String(createdAtMs) },
    card: { S: JSON.stringify(card) },
    ...(expiresAtMs !== undefined && { expiresAt: { N: String(Math.ceil(expiresAtMs / 1000)) } }),
  };
}

function recordOf(item: Record<string, AttributeValue>): ObjectRecord {
  const { pk, sk, expiresAt, card, ...rest } = ItemSchema.parse(item);
  const at = pk.indexOf('#');
  const parsed = parseJson(card);
  return {
    ...rest,
    kind: KindSchema.parse(pk.slice(0, at)),
    workspaceId: pk.slice(at + 1),
    id: sk,
    card: isObject(parsed) ? parsed : {},
    ...(expiresAt !== undefined && { expiresAtMs: expiresAt * 1000 }),
  };
}
