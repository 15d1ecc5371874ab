import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Alert } from '../alerts/alert.js';

/** The history of every managed key: one row for each alert about it. */
export interface Journal {
  record(subject: string, alert: Alert): Promise<void>;
  /** The same for an alert that attempts repeat; `false` where its thread has one of its type already. */
  recordOnce(subject: string, alert: Alert): Promise<boolean>;
}

export function createJournal(client: DynamoDBClient, tableName: string): Journal {
  const put = (subject: string, sk: string, { nextSteps: _, ...entry }: Alert) => ({
    TableName: tableName,
    Item: {
      pk: { S: `history#${subject}` },
      sk: { S: sk },
      entry: { S: JSON.stringify(entry) },
      expiresAt: { N: String(secondsIn(entry.at) + HISTORY_SECONDS) },
    },
  });

  return {
    async record(subject, alert) {
      const sk = `${alert.at.toISOString()}#${alert.type}`;
      await client.send(new PutItemCommand(put(subject, sk, alert)));
    },

    async recordOnce(subject, alert) {
      const input = put(subject, `once#${alert.threadId}#${alert.type}`, alert);
      try {
        await client.send(
          new PutItemCommand({ ...input, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}

// Two years: long enough for a yearly audit to see the previous one.
export const HISTORY_SECONDS = 2 * 365 * 86_400;

function secondsIn(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
