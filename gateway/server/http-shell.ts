import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  jsonAnswer,
  type Problem,
  problem,
  type WholeAnswer,
} from '../../governance/metering/problem.js';
import { drainServer } from '../drain-server.js';
import type { Gateway } from '../gateway.js';
import { LateAnswers } from '../late-answers.js';
import { bodyTooLarge, bodyTooShort, requestTooSlow } from '../problems.js';
import { MOST_UPLOAD_BYTES, UPLOAD_WITHIN_MS } from '../uploads/upload.js';
import { endAnswer, refuseUnread } from './answers.js';
import { Connection } from './connection.js';
import { HttpCall } from './http-call.js';
import type { Readiness } from './readiness.js';

const HEALTH = /^(GET|HEAD) \/healthz(\?|$)/;

export interface HttpShellOptions {
  /**
   * The header with the caller's IAM ARN. Every client that reaches this server can set it, so only a
   * proxy that authenticates callers and overwrites the header may reach it.
   */
  readonly callerHeader: string;
  /** How long a body may take to arrive that is held in memory. @default 60 000 */
  readonly bodyWithinMs?: number;
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
  const bodyWithinMs = options.bodyWithinMs ?? 60_000;
  const lateBodies = new LateAnswers(bodyWithinMs);
  let draining = false;

  function take(request: IncomingMessage, response: ServerResponse, mayContinue: boolean): void {
    const connection = Connection.of(request.socket);
    connection.received(request, response);
    const faulty = faultOf(request, callerHeader);
    if (draining || faulty) response.shouldKeepAlive = false;
    if (faulty) {
      refuse(request, response, faulty);
      return;
    }
    const { method = '', url = '' } = request;
    if (options.readiness && HEALTH.test(`${method} ${url}`)) {
      endAnswer(response, health(options.readiness(), draining), gateway.readWithinMs);
      return;
    }
    const caller = request.headers[callerHeader];
    const callerArn = typeof caller === 'string' ? caller : undefined;
    const endpoint = gateway.route(method, url, callerArn);
    if (endpoint.kind === 'problem') {
      refuse(request, response, endpoint);
      return;
    }
    const announced = Number(request.headers['content-length'] ?? 0);
    const most = endpoint.form ? MOST_UPLOAD_BYTES : gateway.maxBodyBytes;
    if (announced > most) {
      const refusal = bodyTooLarge(endpoint, most);
      gateway.refused(refusal);
      refuse(request, response, refusal);
      return;
    }
    if (!mayContinue) response.writeContinue();
    const call = new HttpCall(gateway, endpoint, callerArn, request, response, connection);
    call.read(lateBodies);
  }

  function refuse(request: IncomingMessage, response: ServerResponse, refusal: Problem): void {
    refuseUnread(request, response, refusal, gateway.readWithinMs);
  }

  const server = createServer({
    headersTimeout: bodyWithinMs,
    requestTimeout: Math.max(bodyWithinMs, UPLOAD_WITHIN_MS),
    // Longer than load balancers keep a connection idle, or they would send into a closed one.
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 1000,
  });
  server.on('request', (request, response) => take(request, response, true));
  server.on('checkContinue', (request, response) => take(request, response, false));
  // Without listeners, Node answers these without a word of why.
  server.on('checkExpectation', (request, response) => {
    const what = 'Expect is something else than 100-continue';
    refuse(request, response, problem('invalid_request', what));
  });
  server.on('connect', (_request, socket) => {
    const what = 'CONNECT is not served: this is no proxy';
    Connection.of(socket).refuseRest(problem('invalid_request', what));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A caller that announced more bytes than it sent ends up here, if it still listens.
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else Connection.of(socket).refuseRest(brokenRequest(error.code));
  });

  return {
    server,
    drain(graceMs) {
      draining = true;
      return drainServer(server, graceMs);
    },
  };
}

/** For load balancers, which name no caller: 200 only while requests should come. */
function health(readiness: Readiness, draining: boolean): WholeAnswer {
  const ready = readiness.ready && !draining;
  return jsonAnswer(ready ? 200 : 503, { ...readiness, up: true, ready });
}

/** What Node's parser accepts, and a proxy before it may read in another way. */
function faultOf(request: IncomingMessage, callerHeader: string): Problem | undefined {
  const { rawHeaders, headers, httpVersionMinor } = request;
  if (httpVersionMinor === 0 && headers['transfer-encoding'] !== undefined) {
    return problem('invalid_request', 'HTTP/1.0 has no Transfer-Encoding: send a Content-Length');
  }
  let hosts = 0;
  let callers = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === HOST.length && name.toLowerCase() === HOST) hosts += 1;
    if (name.length === callerHeader.length && name.toLowerCase() === callerHeader) callers += 1;
  }
  if (hosts > 1) return givenTwice(HOST);
  return callers > 1 ? givenTwice(callerHeader) : undefined;
}

const HOST = 'host';

function givenTwice(header: string): Problem {
  return problem('invalid_request', `the header ${header} is given twice: it must be given once`);
}

function brokenRequest(code: string | undefined): Problem {
  if (code === 'HPE_INVALID_EOF_STATE') return bodyTooShort();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return requestTooSlow();
  }
  return problem('invalid_request', 'the request is not valid HTTP');
}
