import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'undici';
import { createGate, type Gate } from './answer-faults.js';

/** What a deployed function asks of AWS, for example `secretsmanager.PutSecretValue`. */
export interface AwsCall {
  readonly target: string;
  readonly body: string;
}

/** Through which the deployed functions, and nobody else, reach the emulator. */
export interface Door {
  readonly url: string;
  readonly gate: Gate<AwsCall>;
  /** Where calls go on to, once the emulator is there. */
  leadTo(url: string, ca: string): void;
  close(): Promise<void>;
}

interface Beyond {
  readonly url: string;
  readonly dispatcher: Agent;
}

export async function openDoor(): Promise<Door> {
  const gate = createGate<AwsCall>();
  let beyond: Beyond | undefined;

  async function pass(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (!beyond) throw new Error('a function calls before the emulator has started');
    const body = await bytesOf(call);
    const {
      statusCode,
      headers,
      body: given,
    } = await request(beyond.url + (call.url ?? '/'), {
      dispatcher: beyond.dispatcher,
      method: call.method ?? 'GET',
      headers: passedOn(call.headers),
      body: body.length > 0 ? body : null,
    });
    const bytes = Buffer.from(await given.arrayBuffer());
    const target = String(call.headers['x-amz-target'] ?? '');
    if (gate.keeps({ target, body: body.toString('utf8') })) return;
    answer.writeHead(statusCode, passedOn(headers)).end(bytes);
  }

  const server = createServer((call, answer) => {
    pass(call, answer).catch((error: unknown) => answer.writeHead(502).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the door has no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    gate,

    leadTo(url, ca) {
      beyond = { url, dispatcher: new Agent({ connect: { ca } }) };
    },

    async close() {
      server.closeAllConnections();
      server.close();
      await beyond?.dispatcher.destroy();
    },
  };
}

async function bytesOf(call: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of call) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The host stays, since signatures cover it; what belongs to one connection alone goes. */
function passedOn(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection, 'transfer-encoding': _, 'content-length': __, expect, ...others } = headers;
  return others;
}
