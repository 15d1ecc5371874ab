import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Agent, request } from 'undici';
import { listenHere } from '../testing/fakes/http-server.js';
import { createAnswerFaults } from './answer-faults.js';

/** What a deployed function asks of AWS, for example `secretsmanager.PutSecretValue`. */
interface AwsCall {
  readonly target: string;
  readonly body: string;
}

export type AwsProxy = Awaited<ReturnType<typeof startAwsProxy>>;

/** Through which the deployed functions alone reach the emulator. */
export async function startAwsProxy() {
  const faults = createAnswerFaults<AwsCall>();
  let upstream: { readonly url: string; readonly dispatcher: Agent } | undefined;

  async function forward(call: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!upstream) throw new Error('a function calls before the emulator has started');
    const body = await buffer(call);
    const answer = await request(upstream.url + (call.url ?? '/'), {
      dispatcher: upstream.dispatcher,
      method: call.method ?? 'GET',
      headers: forwarded(call.headers),
      body: body.length > 0 ? body : null,
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const target = String(call.headers['x-amz-target'] ?? '');
    if (faults.loses({ target, body: body.toString('utf8') })) return;
    response.writeHead(answer.statusCode, forwarded(answer.headers)).end(bytes);
  }

  const server = createServer((call, response) => {
    forward(call, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  const url = await listenHere(server);

  return {
    url,
    faults,

    /** Where calls go, once the emulator is there. */
    forwardTo(emulatorUrl: string, ca: string): void {
      upstream = { url: emulatorUrl, dispatcher: new Agent({ connect: { ca } }) };
    },

    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await upstream?.dispatcher.destroy();
    },
  };
}

/** The host stays, since signatures cover it; what belongs to one connection alone goes. */
function forwarded(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection, 'transfer-encoding': _, 'content-length': __, expect, ...others } = headers;
  return others;
}
