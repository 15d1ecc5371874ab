import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';
import { mapBounded } from '../platform/map-bounded.js';
import { itemsOfPartition } from '../platform/partition.aws.js';
import { type FindingChanges, type OpenFinding, OpenFindingSchema } from './reconcile-findings.js';

const AuditMemorySchema = z.object({
  /** What each model name of the policy stood for. */
  resolutions: z.record(z.string(), z.string()),
  /** Keys that the audit itself used, with the day. */
  probes: z.record(z.string(), z.iso.date()),
});

/** What one audit leaves for the next, besides its findings. */
export type AuditMemory = Readonly<z.infer<typeof AuditMemorySchema>>;

/** What the audits before this one found and told. */
export interface FindingStore {
  open(): Promise<readonly OpenFinding[]>;
  /** What another audit changed since `open()` stays as that one left it. */
  apply(changes: Omit<FindingChanges, 'unchanged'>): Promise<void>;
  memory(): Promise<AuditMemory>;
  remember(memory: AuditMemory): Promise<void>;
}

const PARTITION = 'findings';
const MEMORY_KEY = { pk: { S: 'audit' }, sk: { S: 'memory' } };
const WRITES_AT_ONCE = 8;

const ItemSchema = z.object({ entry: z.object({ S: z.string().transform(parseJson) }) });

export function createFindingStore(client: DynamoDBClient, TableName: string): FindingStore {
  /** The condition is on what was read: of two audits at once, the first one's write stands. */
  function put(open: OpenFinding, ConditionExpression: string): Promise<void> {
    return unlessOvertaken(
      client.send(
        new PutItemCommand({
          TableName,
          Item: {
            ...keyOf(open),
            entry: { S: JSON.stringify(open) },
            lastToldOn: { S: open.lastToldOn },
          },
          ConditionExpression,
          ...(ConditionExpression.includes(':told') && {
            ExpressionAttributeValues: { ':told': { S: open.lastToldOn } },
          }),
        }),
      ),
    );
  }

  function remove(open: OpenFinding): Promise<void> {
    return unlessOvertaken(
      client.send(
        new DeleteItemCommand({
          TableName,
          Key: keyOf(open),
          ConditionExpression: 'lastToldOn = :told',
          ExpressionAttributeValues: { ':told': { S: open.lastToldOn } },
        }),
      ),
    );
  }

  return {
    async open() {
      const found: OpenFinding[] = [];
      for await (const item of itemsOfPartition(client, TableName, PARTITION)) {
        found.push(OpenFindingSchema.parse(ItemSchema.parse(item).entry.S));
      }
      return found;
    },

    async apply({ open, remind, resolve }) {
      const writes = [
        ...open.map((one) => () => put(one, 'attribute_not_exists(pk)')),
        ...remind.map((one) => () => put(one, 'lastToldOn < :told')),
        ...resolve.map((one) => () => remove(one)),
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

async function unlessOvertaken(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
