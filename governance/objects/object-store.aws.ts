import {
  type AttributeValue,
  BatchGetItemCommand,
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
import { isObjectId, type ObjectKey, type ObjectRecord, type ObjectStore } from './objects.js';

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
/** Of a batch of reads that DynamoDB answers in part. */
const MOST_ATTEMPTS = 8;

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

    async known(of, ids) {
      const found = new Set<string>();
      // What is longer cannot be a key of the table, and no id has a record that is not one.
      let Keys = [...new Set(ids)].filter(isObjectId).map((id) => keyOf({ ...of, id }));
      for (let attempt = 1; Keys.length > 0; attempt += 1) {
        if (attempt > MOST_ATTEMPTS) throw new Error('DynamoDB did not read all records');
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetItemCommand({
            RequestItems: {
              [TableName]: { Keys, ProjectionExpression: 'sk', ConsistentRead: true },
            },
          }),
          limited(),
        );
        for (const { sk } of Responses?.[TableName] ?? []) found.add(sk?.S ?? '');
        Keys = (UnprocessedKeys?.[TableName]?.Keys ?? []) as typeof Keys;
      }
      return found;
    },
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
