import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { localAws } from './aws.js';
import type { HttpAnswer, HttpCall } from './fakes/http-server.js';
import { callInProcess } from './in-process.js';

const dynalite: (options: { createTableMs: number; deleteTableMs: number }) => Server =
  createRequire(import.meta.url)('dynalite');

export interface LocalDynamo {
  /** Answers a call of DynamoDB's API. */
  answer(call: HttpCall): Promise<HttpAnswer>;
  readonly client: DynamoDBClient;
  /** A table with string keys `pk` and `sk`. */
  createTable(name: string): Promise<void>;
  /** Every item of a table. */
  items(name: string): Promise<Record<string, AttributeValue>[]>;
  /** Leaves a table empty. */
  clear(name: string): Promise<void>;
  close(): Promise<void>;
}

// What one BatchWriteItem takes.
const BATCH = 25;

/** DynamoDB in this process and its memory. */
export async function startLocalDynamo(): Promise<LocalDynamo> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  const answer = (call: HttpCall) => answeredBy(server, call);
  const { url, aws } = callInProcess(answer);
  const client = new DynamoDBClient({ ...localAws(url), ...aws });

  async function items(TableName: string): Promise<Record<string, AttributeValue>[]> {
    const all: Record<string, AttributeValue>[] = [];
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName, ExclusiveStartKey }));
      all.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return all;
  }

  return {
    answer,
    client,
    items,

    async clear(name) {
      const keys = (await items(name)).flatMap(({ pk, sk }) => (pk && sk ? [{ pk, sk }] : []));
      for (let from = 0; from < keys.length; from += BATCH) {
        const requests = keys.slice(from, from + BATCH).map((Key) => ({ DeleteRequest: { Key } }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [name]: requests } }));
      }
    },

    async createTable(TableName) {
      await client.send(
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02 }, { TableName });
    },

    async close() {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What a server that listens nowhere answers. */
function answeredBy(server: Server, { method, url, headers, body }: HttpCall): Promise<HttpAnswer> {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method, url: url.pathname + url.search, headers });
  request.push(body);
  request.push(null);
  const response = new ServerResponse(request);
  return new Promise((resolve) => {
    response.end = (text?: unknown) => {
      const type = String(response.getHeader('content-type') ?? '');
      const answer = { headers: { 'content-type': type }, body: String(text ?? '') };
      resolve({ status: response.statusCode, ...answer });
      return response;
    };
    server.emit('request', request, response);
  });
}
