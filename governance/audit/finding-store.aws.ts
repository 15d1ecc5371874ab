import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import { mapBounded } from '../platform/map-bounded.js';
import { itemsOfPartition } from '../platform/partition.aws.js';
import { type FindingChanges, type OpenFinding, OpenFindingSchema } from './reconcile-findings.js';

const AuditMemorySchema = z.object({
  /** What each model name of the policy stood for. */
  resolutions: z.record(z.string(), z.string()),
  /** On which day the audit itself last used a key, by the key's id. */
  probes: z.record(z.string(), z.iso.date()),
});

/** What one audit leaves for the next, besides its findings. */
export type AuditMemory = Readonly<z.infer<typeof AuditMemorySchema>>;

export interface StoredChanges extends Pick<FindingChanges, 'opened' | 'resolved'> {
  /** Open before, and on-call was notified again. */
  readonly notified: readonly OpenFinding[];
}

/** What the audits before this one found, and notified on-call of. */
export interface FindingStore {
  open(): Promise<readonly OpenFinding[]>;
  /** What another audit changed since `open()` stays as that one left it. */
  apply(changes: StoredChanges): Promise<void>;
  memory(): Promise<AuditMemory>;
  remember(memory: AuditMemory): Promise<void>;
}

const PARTITION = 'findings';
const MEMORY_KEY = { pk: { S: 'audit' }, sk: { S: 'memory' } };
const WRITES_AT_ONCE = 8;

const ItemSchema = z.object({ entry: z.object({ S: z.string().transform(parseJson) }) });

export function createFindingStore(client: DynamoDBClient, TableName: string): FindingStore {
  function put(open: OpenFinding, condition: Condition): Promise<void> {
    const Item = {
      ...keyOf(open),
      entry: { S: JSON.stringify(open) },
      lastNotifiedOn: { S: open.lastNotifiedOn },
    };
    return unlessOvertaken(client.send(new PutItemCommand({ TableName, Item, ...condition })));
  }

  function remove(open: OpenFinding): Promise<void> {
    const condition = lastNotified('=', open);
    return unlessOvertaken(
      client.send(new DeleteItemCommand({ TableName, Key: keyOf(open), ...condition })),
    );
  }

  return {
    async open() {
      const items = await itemsOfPartition(client, TableName, PARTITION);
      return items.map((item) => OpenFindingSchema.parse(ItemSchema.parse(item).entry.S));
    },

    async apply({ opened, notified, resolved }) {
      const writes = [
        ...opened.map((one) => () => put(one, IS_NEW)),
        ...notified.map((one) => () => put(one, lastNotified('<', one))),
        ...resolved.map((one) => () => remove(one)),
      ];
      await mapBounded(writes, WRITES_AT_ONCE, (write) => write());
    },

    async memory() {
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: MEMORY_KEY, ConsistentRead: true }),
      );
      if (!Item) return { resolutions: {}, probes: {} };
      return AuditMemorySchema.parse(ItemSchema.parse(Item).entry.S);
    },

    async remember(memory) {
      const entry = { S: JSON.stringify(memory) };
      await client.send(new PutItemCommand({ TableName, Item: { ...MEMORY_KEY, entry } }));
    },
  };
}

function keyOf({ finding }: OpenFinding) {
  return { pk: { S: PARTITION }, sk: { S: finding.id } };
}

type Condition = Pick<PutItemCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;

const IS_NEW: Condition = { ConditionExpression: 'attribute_not_exists(pk)' };

/** On what was read: of two audits at once, the first one's write stands. */
function lastNotified(comparator: '<' | '=', { lastNotifiedOn }: OpenFinding): Condition {
  return {
    ConditionExpression: `lastNotifiedOn ${comparator} :day`,
    ExpressionAttributeValues: { ':day': { S: lastNotifiedOn } },
  };
}

async function unlessOvertaken(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
