import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { DAY_MS, type IsoDate, startOfDay } from '../platform/utc-day.js';
import type { PageWrite } from './ledger-page.js';
import { type LedgerRow, ledgerPartition, readRow, storedRow } from './ledger-row.js';

export interface LedgerStore {
  /** A page that is older than the one in the table changes nothing. Throws if no answer comes. */
  write(page: PageWrite): Promise<void>;
  /** All rows of a workspace's UTC day, some kilobytes at a time: a subject may have several. */
  rows(workspaceId: string, day: IsoDate): AsyncIterable<readonly LedgerRow[]>;
}

/** For statements of the running and the last month, and the same a year before. */
export const LEDGER_DAYS = 400;
const TIMEOUT_MS = 3000;
const READ_TIMEOUT_MS = 20_000;

const ItemSchema = z.object({ rows: z.object({ S: z.string() }) });
const RowsSchema = z.array(z.unknown());

/** In the table of the quotas, which the same processes write. */
export function createLedgerStore(client: DynamoDBClient, TableName: string): LedgerStore {
  const partition = (workspaceId: string, day: IsoDate) => `${ledgerPartition(workspaceId)}${day}`;

  return {
    async write({ key: { workspaceId, day, holderId, page }, sequence, rows }) {
      const expiresAtMs = startOfDay(day).getTime() + LEDGER_DAYS * DAY_MS;
      const command = new UpdateItemCommand({
        TableName,
        Key: { pk: { S: partition(workspaceId, day) }, sk: { S: `${holderId}#${page}` } },
        UpdateExpression: 'SET #rows = :rows, #sequence = :sequence, expiresAt = :expiresAt',
        ConditionExpression: 'attribute_not_exists(#sequence) OR #sequence < :sequence',
        ExpressionAttributeNames: { '#rows': 'rows', '#sequence': 'sequence' },
        ExpressionAttributeValues: {
          ':rows': { S: JSON.stringify(rows.map(storedRow)) },
          ':sequence': { N: String(sequence) },
          ':expiresAt': { N: String(expiresAtMs / 1000) },
        },
      });
      try {
        await client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
      } catch (error) {
        // It was written before, by an attempt whose answer was lost, or a newer one was.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async *rows(workspaceId, day) {
      let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': { S: partition(workspaceId, day) } },
            ExclusiveStartKey,
          }),
          { abortSignal: AbortSignal.timeout(READ_TIMEOUT_MS) },
        );
        yield (page.Items ?? []).flatMap(rowsOf);
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
    },
  };
}

function rowsOf(item: unknown): readonly LedgerRow[] {
  const { rows } = ItemSchema.parse(item);
  return RowsSchema.parse(JSON.parse(rows.S)).map(readRow);
}
