import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { parseJson } from '../../platform/json.js';
import { itemsOfPartition } from '../../platform/partition.aws.js';
import { DAY_MS } from '../../platform/utc-day.js';
import { JOB_PARTITION } from '../../policy/object-indexes.js';
import { createQuotaCounters, type QuotaCounters } from '../../quotas/quota-counters.aws.js';
import { type JobRecord, JobRecordSchema } from './job-record.js';

/** A record as it was read or written. */
export interface KeptJob {
  readonly record: JobRecord;
  /** Each write raises it, so that it shows whether another process wrote meanwhile. */
  readonly version: number;
}

/** The batch jobs that are not settled. Every method throws if no answer comes. */
export interface JobRecords {
  create(record: JobRecord): Promise<KeptJob>;
  /** `undefined` where another process wrote since: then nothing is changed. */
  change(kept: KeptJob, change: Partial<JobRecord>): Promise<KeptJob | undefined>;
  /** Whether it was there as it is known. */
  remove(kept: KeptJob): Promise<boolean>;
  of(workspaceId: string): Promise<KeptJob[]>;
}

/** What batch jobs are kept with until the spend monitor settles them. */
export interface JobStores {
  readonly records: JobRecords;
  readonly counters: QuotaCounters;
}

/** `undefined` without a table of objects, which is where the records are. */
export function connectJobStores(
  client: DynamoDBClient,
  tables: { readonly quotaTableName: string; readonly objectsTableName?: string | undefined },
): JobStores | undefined {
  const { quotaTableName, objectsTableName } = tables;
  if (objectsTableName === undefined) return undefined;
  const counters = createQuotaCounters(client, quotaTableName);
  return { records: createJobRecords(client, objectsTableName), counters };
}

/** Of a record that is never settled: its leases have ended by then, and count in full. */
const KEPT_MS = 30 * DAY_MS;
const TIMEOUT_MS = 3000;

const ItemSchema = z.object({
  version: z.object({ N: z.coerce.number<string>().int() }).transform(({ N }) => N),
  entry: z.object({ S: z.string().transform(parseJson) }).transform(({ S }) => S),
});

/** In the table of objects, in partitions of their own: the gateway creates them, the spend monitor ends them. */
export function createJobRecords(client: DynamoDBClient, TableName: string): JobRecords {
  const limited = () => ({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) });

  async function put(record: JobRecord, before: number | undefined): Promise<KeptJob | undefined> {
    const version = (before ?? 0) + 1;
    const command = new PutItemCommand({
      TableName,
      Item: {
        ...keyOf(record),
        version: { N: String(version) },
        entry: { S: JSON.stringify(z.encode(JobRecordSchema, record)) },
        expiresAt: { N: String(Math.ceil((record.untilMs + KEPT_MS) / 1000)) },
      },
      ...(before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : isVersion(before)),
    });
    const happened = await isDone(client.send(command, limited()));
    return happened ? { record, version } : undefined;
  }

  return {
    async create(record) {
      const kept = await put(record, undefined);
      if (!kept) throw new Error('a job of this id is known');
      return kept;
    },

    change: ({ record, version }, change) => put({ ...record, ...change }, version),

    remove({ record, version }) {
      const command = new DeleteItemCommand({
        TableName,
        Key: keyOf(record),
        ...isVersion(version),
      });
      return isDone(client.send(command, limited()));
    },

    async of(workspaceId) {
      const items = await itemsOfPartition(client, TableName, partitionOf(workspaceId));
      return items.map((item) => {
        const { version, entry } = ItemSchema.parse(item);
        return { version, record: z.decode(JobRecordSchema, entry as never) };
      });
    },
  };
}

async function isDone(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

function isVersion(version: number) {
  return {
    ConditionExpression: 'version = :version',
    ExpressionAttributeValues: { ':version': { N: String(version) } },
  };
}

function partitionOf(workspaceId: string): string {
  return `${JOB_PARTITION}${workspaceId}`;
}

function keyOf({ workspaceId, id }: JobRecord) {
  return { pk: { S: partitionOf(workspaceId) }, sk: { S: id } };
}
