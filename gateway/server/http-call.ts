import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '../../governance/metering/endpoints.js';
import { answerOf, type Problem } from '../../governance/metering/problem.js';
import { decodedBody, encodedForm } from '../body-encoding.js';
import type { Gateway } from '../gateway.js';
import type { AwaitedAnswer, LateAnswers } from '../late-answers.js';
import { bodyTooLarge, requestTooSlow } from '../problems.js';
import { type CallHead, type Reply, type RequestInFlight, send } from '../reply.js';
import { Upload } from '../uploads/upload.js';
import { expectRead, leaveUnread, refuseUnread } from './answers.js';
import type { Connection } from './connection.js';

const CALL = Symbol('call');
/** So many pieces of a body are joined: each takes a hundred bytes besides its own. */
const PIECES_JOINED = 256;

/** All requests share their listeners, which find the call on the object they listen to. */
interface Carrier {
  [CALL]?: HttpCall;
}

/** One request on a socket, and its reply. */
export class HttpCall implements Reply, CallHead, AwaitedAnswer {
  askedAtMs = 0;
  earlier: AwaitedAnswer | undefined;
  later: AwaitedAnswer | undefined;
  readonly accept: string | undefined;
  readonly affinity: string | undefined;
  readonly contentType: string | undefined;
  #chunks: Buffer[] = [];
  /** Headers of ours: name, value, name, value … */
  readonly #added: string[] = [];
  #joined = 0;
  #lateBodies: LateAnswers | undefined;
  #bytes = 0;
  #inFlight: RequestInFlight | undefined;
  #isClosed = false;

  constructor(
    private readonly gateway: Gateway,
    private readonly endpoint: Endpoint,
    readonly callerArn: string | undefined,
    private readonly request: IncomingMessage & Carrier,
    private readonly response: ServerResponse & Carrier,
    private readonly connection: Connection,
  ) {
    const { headers } = request;
    this.accept = headers.accept;
    const affinity = headers['x-affinity'];
    this.affinity = typeof affinity === 'string' ? affinity : undefined;
    this.contentType = endpoint.form ? headers['content-type'] : undefined;
  }

  read(lateBodies: LateAnswers): void {
    this.request[CALL] = this;
    this.response[CALL] = this;
    this.response.on('close', onClose);
    this.connection.begin(this);
    const isLarge = this.endpoint.form && this.#announcedBytes > this.gateway.maxBodyBytes;
    if (isLarge) {
      this.#upload();
      return;
    }
    this.#lateBodies = lateBodies;
    lateBodies.await(this);
    this.request.on('data', onData).on('end', onEnd);
  }

  get started(): boolean {
    return this.response.headersSent;
  }

  addHeader(name: string, value: string): void {
    this.#added.push(name, value);
  }

  start(status: number, headers: string[]): void {
    headers.push(...this.#added);
    if (!this.request.complete) this.response.shouldKeepAlive = false;
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
    expectRead(this.response, this.gateway.readWithinMs);
    if (!this.request.complete) leaveUnread(this.request);
  }

  destroy(): void {
    this.response.destroy();
  }

  collect(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.gateway.maxBodyBytes) {
      this.#chunks.push(chunk);
      if (this.#chunks.length - this.#joined === PIECES_JOINED) this.#join();
      return;
    }
    this.#collectNoMore();
    if (this.endpoint.form) {
      this.#chunks.push(chunk);
      this.#upload();
      return;
    }
    this.#chunks = [];
    this.#refuseUnread(bodyTooLarge(this.endpoint, this.gateway.maxBodyBytes));
  }

  /** The body has not arrived in time. */
  late(): void {
    this.#collectNoMore();
    this.#chunks = [];
    this.#refuseUnread(requestTooSlow());
  }

  #refuseUnread(refusal: Problem): void {
    this.gateway.refused(refusal);
    refuseUnread(this.request, this.response, refusal, this.gateway.readWithinMs);
  }

  #collectNoMore(): void {
    this.#lateBodies?.ended(this);
    this.request.off('data', onData).off('end', onEnd);
  }

  /** What is too large to be held is sent on as it arrives. */
  #upload(): void {
    const { endpoint, gateway, contentType, request } = this;
    const encoded = encodedForm(request.headers['content-encoding']);
    if (encoded || !endpoint.form) {
      this.#handle(encoded ?? Buffer.alloc(0));
      return;
    }
    const received = this.#chunks;
    this.#chunks = [];
    const announcedBytes = this.#announcedBytes || undefined;
    const idleMs = gateway.readWithinMs;
    const source = { body: request, received, contentType, announcedBytes, idleMs };
    this.#handle(new Upload(endpoint.form, source));
  }

  get #announcedBytes(): number {
    return Number(this.request.headers['content-length'] ?? 0);
  }

  #join(): void {
    const pieces = this.#chunks.splice(this.#joined);
    this.#chunks.push(Buffer.concat(pieces));
    this.#joined += 1;
  }

  handOver(): void {
    this.#lateBodies?.ended(this);
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    const encoding = this.request.headers['content-encoding'];
    const decoded = decodedBody(body, encoding, this.endpoint, this.gateway.maxBodyBytes);
    if (decoded instanceof Promise) void decoded.then((result) => this.#handle(result));
    else this.#handle(decoded);
  }

  #handle(body: Buffer | Upload | Problem): void {
    // The caller left while its body was unpacked; Node destroys no response that waits for another.
    if (this.#isClosed || this.response.destroyed) return;
    if (!('code' in body)) {
      this.#inFlight = this.gateway.handle(this.endpoint, this, body, this);
    } else {
      this.gateway.refused(body);
      send(this, answerOf(body));
    }
  }

  closed(): void {
    this.#isClosed = true;
    this.#lateBodies?.ended(this);
    this.connection.end(this);
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
