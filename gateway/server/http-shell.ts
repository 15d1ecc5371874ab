import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerOf, jsonAnswer, type Problem, problem } from '../../governance/metering/problem.js';
import type { Gateway } from '../gateway.js';
import { bodyTooLarge, bodyTooShort } from '../problems.js';
import { HttpCall, refuseUnread } from './http-call.js';
import type { Readiness } from './readiness.js';

const HEALTH = /^(GET|HEAD) \/healthz(\?|$)/;

export interface HttpShellOptions {
  /**
   * The header with the caller's IAM ARN. Every client that reaches this server can set it, so only a
   * proxy that authenticates callers and overwrites the header may reach it.
   */
  readonly callerHeader: string;
  /** How long a request's body may take to arrive. @default 60 000 */
  readonly requestTimeoutMs?: number;
  /** What `GET /healthz` answers. @default it is not served */
  readonly readiness?: () => Readiness;
}

export interface HttpShell {
  readonly server: Server;
  /** Lets requests in flight finish and accepts no new ones; cuts the rest after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** The gateway as a plain HTTP server with kept connections. */
export function createHttpShell(gateway: Gateway, options: HttpShellOptions): HttpShell {
  const callerHeader = options.callerHeader.toLowerCase();
  const requestTimeout = options.requestTimeoutMs ?? 60_000;
  let draining = false;

  function take(request: IncomingMessage, response: ServerResponse, mayContinue: boolean): void {
    if (draining) response.shouldKeepAlive = false;
    const { method = '', url = '' } = request;
    if (options.readiness && HEALTH.test(`${method} ${url}`)) {
      answerHealth(options.readiness(), draining, response);
      return;
    }
    const endpoint = gateway.route(method, url);
    if (endpoint.kind === 'problem') {
      refuseUnread(request, response, endpoint);
      return;
    }
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > gateway.maxBodyBytes) {
      refuseUnread(request, response, bodyTooLarge(endpoint, gateway.maxBodyBytes));
      return;
    }
    if (!mayContinue) response.writeContinue();
    new HttpCall(gateway, endpoint, callerHeader, request, response).read();
  }

  const server = createServer({
    requestTimeout,
    // Longer than load balancers keep a connection idle, or they would send into a closed one.
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 1000,
  });
  server.on('request', (request, response) => take(request, response, true));
  server.on('checkContinue', (request, response) => take(request, response, false));
  // Without listeners, Node answers these without a word of why.
  server.on('checkExpectation', (request, response) => {
    const what = 'Expect is something else than 100-continue';
    refuseUnread(request, response, problem('invalid_request', what));
  });
  server.on('connect', (_request, socket) => {
    socket.end(rawAnswer(problem('invalid_request', 'CONNECT is not served: this is no proxy')));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A caller that announced more bytes than it sent ends up here, if it still listens.
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else socket.end(rawAnswer(brokenRequest(error.code)));
  });

  return {
    server,
    async drain(graceMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A kept-alive connection becomes idle only now.
      const idle = setInterval(() => server.closeIdleConnections(), 20);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}

/** For load balancers, which name no caller: 200 only while requests should come. */
function answerHealth(readiness: Readiness, draining: boolean, response: ServerResponse): void {
  const ready = readiness.ready && !draining;
  const { status, headers, body } = jsonAnswer(ready ? 200 : 503, {
    ...readiness,
    up: true,
    ready,
  });
  response.writeHead(status, headers).end(body);
}

function brokenRequest(code: string | undefined): Problem {
  if (code === 'HPE_INVALID_EOF_STATE') return bodyTooShort();
  return problem('invalid_request', 'the request is not valid HTTP');
}

function rawAnswer(refusal: Problem): string {
  const { headers, body } = answerOf(refusal);
  const lines = [];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}\r\n`);
  return `HTTP/1.1 400 Bad Request\r\n${lines.join('')}connection: close\r\n\r\n${body}`;
}
