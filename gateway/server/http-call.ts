import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '../../governance/metering/endpoints.js';
import { answerOf, type Problem } from '../../governance/metering/problem.js';
import { decodedBody } from '../body-encoding.js';
import type { Gateway } from '../gateway.js';
import { bodyTooLarge } from '../problems.js';
import { type CallHead, type Reply, type RequestInFlight, send } from '../reply.js';

const CALL = Symbol('call');
/** How long a refused body may go on arriving, so that its sender reads the refusal, not a reset. */
const LINGER_MS = 2000;

/** All requests share their listeners, which find the call on the object they listen to. */
interface Carrier {
  [CALL]?: HttpCall;
}

/** One request on a socket, and its reply. */
export class HttpCall implements Reply, CallHead {
  readonly callerArn: string | undefined;
  readonly accept: string | undefined;
  readonly affinity: string | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #inFlight: RequestInFlight | undefined;

  constructor(
    private readonly gateway: Gateway,
    private readonly endpoint: Endpoint,
    callerHeader: string,
    private readonly request: IncomingMessage & Carrier,
    private readonly response: ServerResponse & Carrier,
  ) {
    const { headers } = request;
    const caller = headers[callerHeader];
    this.callerArn = typeof caller === 'string' ? caller : undefined;
    this.accept = headers.accept;
    const affinity = headers['x-affinity'];
    this.affinity = typeof affinity === 'string' ? affinity : undefined;
  }

  read(): void {
    this.request[CALL] = this;
    this.response[CALL] = this;
    this.request.on('data', onData).on('end', onEnd);
    this.response.on('close', onClose);
  }

  get started(): boolean {
    return this.response.headersSent;
  }

  addHeader(name: string, value: string): void {
    this.response.setHeader(name, value);
  }

  start(status: number, headers: string[]): void {
    this.response.writeHead(status, headers);
  }

  flushHead(): void {
    this.response.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    return this.response.write(chunk);
  }

  onceDrained(listener: () => void): void {
    this.response.once('drain', listener);
  }

  end(chunk?: Buffer): void {
    this.response.end(chunk);
  }

  destroy(): void {
    this.response.destroy();
  }

  collect(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.gateway.maxBodyBytes) {
      this.#chunks.push(chunk);
      return;
    }
    this.#chunks = [];
    this.request.off('data', onData).off('end', onEnd);
    const refusal = bodyTooLarge(this.endpoint, this.gateway.maxBodyBytes);
    refuseUnread(this.request, this.response, refusal);
  }

  handOver(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    const encoding = this.request.headers['content-encoding'];
    const decoded = decodedBody(body, encoding, this.endpoint, this.gateway.maxBodyBytes);
    if (Buffer.isBuffer(decoded)) this.#handle(decoded);
    else void decoded.then((result) => this.#handle(result));
  }

  #handle(body: Buffer | Problem): void {
    if (this.response.destroyed) return; // the caller left while its body was unpacked
    if (Buffer.isBuffer(body)) {
      this.#inFlight = this.gateway.handle(this.endpoint, this, body, this);
    } else send(this, answerOf(body));
  }

  /** Also after a complete answer, when there is nothing left to abandon. */
  closed(): void {
    this.#inFlight?.abandon();
  }
}

function onData(this: Carrier, chunk: Buffer): void {
  this[CALL]?.collect(chunk);
}

function onEnd(this: Carrier): void {
  this[CALL]?.handOver();
}

function onClose(this: Carrier): void {
  this[CALL]?.closed();
}

/** Rejects a request whose body is still to come. */
export function refuseUnread(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Problem,
): void {
  const { status, headers, body } = answerOf(refusal);
  response.writeHead(status, headers);
  response.end(body);
  if (request.complete) return;
  request.resume();
  const linger = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(linger));
}
