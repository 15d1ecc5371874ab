import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Alert } from '../alerts/alert.js';

/** The history of every managed key: one row for each alert about it. */
export interface Journal {
  record(subject: string, alert: Alert): Promise<void>;
}

export function createJournal(client: DynamoDBClient, tableName: string): Journal {
  return {
    async record(subject, { nextSteps: _, ...entry }) {
      await client.send(
        new PutItemCommand({
          TableName: tableName,
          Item: {
            pk: { S: `history#${subject}` },
            sk: { S: `${entry.at.toISOString()}#${entry.type}` },
            entry: { S: JSON.stringify(entry) },
            expiresAt: { N: String(secondsIn(entry.at) + KEEP_SECONDS) },
          },
        }),
      );
    },
  };
}

// Two years: long enough for a yearly audit to see the previous one.
const KEEP_SECONDS = 2 * 365 * 86_400;

function secondsIn(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
