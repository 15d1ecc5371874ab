import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Alert } from '../alerts/alert.js';
import { eventPartition, historyPartition } from './key-events.aws.js';

/** The history of every managed key: one row for each alert about it, and one for its day. */
export interface Journal {
  record(subject: string, alert: Alert): Promise<void>;
  /** The same for an alert that attempts repeat; `false` where its thread has one of its type already. */
  recordOnce(subject: string, alert: Alert): Promise<boolean>;
}

export function createJournal(client: DynamoDBClient, tableName: string): Journal {
  const put = (pk: string, sk: string, entry: Entry) => ({
    TableName: tableName,
    Item: {
      pk: { S: pk },
      sk: { S: sk },
      entry: { S: JSON.stringify(entry) },
      expiresAt: { N: String(secondsIn(entry.at) + HISTORY_SECONDS) },
    },
  });

  async function putForDay(subject: string, entry: Entry): Promise<void> {
    const sk = `${entry.at.toISOString()}#${subject}#${entry.type}`;
    const event = { subject, ...entry };
    await client.send(new PutItemCommand(put(eventPartition(entry.at), sk, event)));
  }

  return {
    async record(subject, alert) {
      const entry = entryOf(alert);
      const sk = `${alert.at.toISOString()}#${alert.type}`;
      await client.send(new PutItemCommand(put(historyPartition(subject), sk, entry)));
      await putForDay(subject, entry);
    },

    async recordOnce(subject, alert) {
      const entry = entryOf(alert);
      const input = put(historyPartition(subject), `once#${alert.threadId}#${alert.type}`, entry);
      try {
        await client.send(
          new PutItemCommand({ ...input, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
      await putForDay(subject, entry);
      return true;
    },
  };
}

type Entry = Omit<Alert, 'nextSteps' | 'change' | 'changeId'>;

/** What is kept of an alert. */
function entryOf({ nextSteps: _, change: __, changeId: ___, ...entry }: Alert): Entry {
  return entry;
}

// Two years: long enough for a yearly audit to see the previous one.
export const HISTORY_SECONDS = 2 * 365 * 86_400;

function secondsIn(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
