import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  paginateScan,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { collect } from '../governance/platform/collect.js';
import { localAws, PATIENCE_MS } from './aws.js';
import type { HttpAnswer, HttpCall } from './fakes/http-server.js';
import { callInProcess } from './in-process.js';

const dynalite: (options: { createTableMs: number; deleteTableMs: number }) => Server =
  createRequire(import.meta.url)('dynalite');

export type LocalDynamo = Awaited<ReturnType<typeof startLocalDynamo>>;

// The limit of one BatchWriteItem.
const BATCH = 25;

/** DynamoDB in memory, in this process. */
export async function startLocalDynamo() {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  const { url, aws } = callInProcess(answer);
  const client = new DynamoDBClient({ ...localAws(url), ...aws });

  /** Answers a call as dynalite's server does, without a connection. */
  function answer({ method, url, headers, body }: HttpCall): Promise<HttpAnswer> {
    const request = Object.assign(new EventEmitter(), { method, url: url.pathname, headers });
    return new Promise((resolve) => {
      const sent: Record<string, string> = {};
      const response = {
        statusCode: 200,
        setHeader: (name: string, value: unknown) => void Object.assign(sent, { [name]: value }),
        end(text: string) {
          const { 'Content-Length': _, ...headers } = sent;
          resolve({ status: response.statusCode, headers, body: text });
        },
      };
      server.emit('request', request, response);
      request.emit('data', Buffer.from(body));
      request.emit('end');
    });
  }

  /** Every item of a table. */
  async function items(TableName: string): Promise<Record<string, AttributeValue>[]> {
    const pages = await collect(paginateScan({ client }, { TableName }));
    return pages.flatMap(({ Items = [] }) => Items);
  }

  return {
    answer,
    client,
    items,

    /** Deletes all items of a table. */
    async clear(name: string): Promise<void> {
      const keys = (await items(name)).flatMap(({ pk, sk }) => (pk && sk ? [{ pk, sk }] : []));
      for (let from = 0; from < keys.length; from += BATCH) {
        const requests = keys.slice(from, from + BATCH).map((Key) => ({ DeleteRequest: { Key } }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [name]: requests } }));
      }
    },

    /** A table with string keys `pk` and `sk`, and local indexes by these attributes. */
    async createTable(TableName: string, indexes: readonly string[] = []): Promise<void> {
      const localIndexes = indexes.map((name) => ({
        IndexName: name,
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' as const },
          { AttributeName: name, KeyType: 'RANGE' as const },
        ],
        Projection: { ProjectionType: 'ALL' as const },
      }));
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
            ...indexes.map((name) => ({ AttributeName: name, AttributeType: 'S' as const })),
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          ...(indexes.length > 0 && { LocalSecondaryIndexes: localIndexes }),
        }),
      );
      await waitUntilTableExists(
        { client, maxWaitTime: PATIENCE_MS / 1000, minDelay: 0.02 },
        { TableName },
      );
    },

    async close(): Promise<void> {
      client.destroy();
      server.close();
    },
  };
}
