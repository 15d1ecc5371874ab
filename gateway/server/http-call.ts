import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '../../governance/metering/endpoints.js';
import { tooLarge } from '../body-size.js';
import type { Gateway } from '../gateway.js';
import type { CallHead, Exchange, Reply } from '../reply.js';
import { refuseUnread } from './refusal.js';

const CALL = Symbol('call');

/** All requests share their listeners, which find their call on what they listen to. */
interface Carrier {
  [CALL]?: HttpCall;
}

/** One request of a socket's, and the way back. */
export class HttpCall implements Reply, CallHead {
  readonly callerArn: string | undefined;
  readonly accept: string | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #exchange: Exchange | undefined;

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
    refuseUnread(this.request, this.response, tooLarge(this.gateway.maxBodyBytes));
  }

  handOver(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#exchange = this.gateway.handle(this.endpoint, this, body, this);
  }

  /** Also after a complete answer, when there is nothing left to abandon. */
  closed(): void {
    this.#exchange?.abandon();
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
