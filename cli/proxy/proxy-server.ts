import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { drainServer } from '../../gateway/drain-server.js';
import { type Exchange, exchange, refuse } from './exchange.js';
import type { SignedGateway } from './gateway-call.js';
import { type Binding, refusalOf } from './incoming.js';
import { type Refusal, refusalAnswer } from './refusal.js';

export interface ProxyOptions {
  readonly gateway: SignedGateway;
  readonly binding: Binding;
  /** Hears of each request. @default not at all */
  readonly watch?: (
    request: IncomingMessage,
    response: ServerResponse,
  ) => Pick<Exchange, 'sees' | 'watches'>;
  /** Why the proxy itself refused a request. */
  readonly refused: (refusal: Refusal) => void;
}

export interface ProxyServer {
  readonly server: Server;
  readonly inFlight: () => number;
  /** Lets requests in flight finish and takes no new ones; cuts the rest after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** Signs what comes from this machine and sends it to the gateway. */
export function createProxyServer({ gateway, binding, watch, refused }: ProxyOptions): ProxyServer {
  const calls = new Map<Duplex, Set<AbortController>>();
  let inFlight = 0;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', headers, rawHeaders, socket } = request;
    const head = { url, headers, rawHeaders };
    const refusal = refusalOf(head, binding);
    if (refusal) {
      refused(refuse({ request, response }, refusal));
      return;
    }
    const leaving = begin(socket, response);
    inFlight += 1;
    try {
      const call = {
        request,
        response,
        gateway,
        signal: leaving.signal,
        ...watch?.(request, response),
      };
      const own = await exchange(call);
      if (own) refused(own);
    } catch {
      response.destroy(); // the client left while it was sending
    } finally {
      inFlight -= 1;
      calls.get(socket)?.delete(leaving);
    }
  }

  /** Ends with the client's connection: of requests that wait on it for earlier answers, nothing else says so. */
  function begin(socket: Duplex, response: ServerResponse): AbortController {
    const leaving = new AbortController();
    let known = calls.get(socket);
    if (!known) {
      known = new Set();
      calls.set(socket, known);
      socket.once('close', () => {
        for (const call of calls.get(socket) ?? []) call.abort();
        calls.delete(socket);
      });
    }
    known.add(leaving);
    response.once('close', () => {
      if (!response.writableFinished) leaving.abort();
    });
    return leaving;
  }

  /** Of what is not a request. Words would end up in an answer that is under way. */
  function endRest(socket: Duplex, refusal: Refusal): void {
    if ((calls.get(socket)?.size ?? 0) > 0) socket.destroy();
    else endRaw(socket, refusal);
  }

  const server = createServer(
    { requestTimeout: 60_000, keepAliveTimeout: 75_000 },
    (request, response) => void take(request, response),
  );
  server.on('connect', (_request, socket) => {
    const message = 'this is not a forward proxy: use its address as base URL, not as HTTPS_PROXY';
    endRest(socket, { status: 400, code: 'invalid_request', message });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else endRest(socket, brokenRequest(error.code));
  });

  return {
    server,
    inFlight: () => inFlight,
    drain: (graceMs) => drainServer(server, graceMs),
  };
}

function brokenRequest(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { status: 431, code: 'invalid_request', message: 'the headers have more than 16 KB' };
  }
  return { status: 400, code: 'invalid_request', message: 'the request is not valid HTTP' };
}

/** Where there is no request to answer. */
function endRaw(socket: Duplex, refusal: Refusal): void {
  const { status, headers, body } = refusalAnswer(refusal);
  const lines = [];
  for (let at = 0; at < headers.length; at += 2)
    lines.push(`${headers[at]}: ${headers[at + 1]}\r\n`);
  const reason = status === 431 ? 'Request Header Fields Too Large' : 'Bad Request';
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}connection: close\r\n\r\n${body}`);
}
