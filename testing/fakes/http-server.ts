import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpCall {
  readonly method: string;
  /** With the query, as sent. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers one call; `no answer` keeps the caller waiting, `broken` closes the connection. */
export type HttpService = (call: HttpCall) => Promise<HttpAnswer | 'no answer' | 'broken'>;

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

/** What a service answers, or a 500 where it fails itself. */
export function answerOf(service: HttpService, call: HttpCall): ReturnType<HttpService> {
  return service(call).catch((error: unknown) => jsonAnswer(500, { message: String(error) }));
}

/** A server on this machine only. `port` 0 takes a free one. */
export async function serveHttp(service: HttpService, port = 0): Promise<HttpServer> {
  // A client that sends as an idle connection is closed would see it break.
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const answer = await answerOf(service, await readCall(request));
    if (answer === 'no answer') return;
    if (answer === 'broken') {
      response.socket?.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body);
  });
  return { url: await listenHere(server, port), close: () => close(server) };
}

/** Has a server listen on this machine only, and returns its address. */
export async function listenHere(server: Server, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('server has no port');
  return `http://127.0.0.1:${address.port}`;
}

export function jsonAnswer(status: number, body: unknown): HttpAnswer {
  return { status, body: JSON.stringify(body) };
}

async function readCall(request: IncomingMessage): Promise<HttpCall> {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', 'http://localhost'),
    headers: Object.fromEntries(headers),
    body: await text(request),
  };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
