import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerOf, type Problem } from '../../governance/metering/problem.js';
import { endAnswer, LINGER_MS } from './answers.js';

const CONNECTION = Symbol('connection');

interface Carrier {
  [CONNECTION]?: Connection;
}

/** A request whose caller may leave. */
interface Call {
  /** Also after a complete answer, when there is nothing left to abandon. */
  closed(): void;
}

/**
 * The requests of one connection. A client may send several without waiting for answers; Node queues
 * the later answers, and says of none of them that the connection is gone.
 */
export class Connection {
  readonly #calls = new Set<Call>();
  #request: IncomingMessage | undefined;
  #response: ServerResponse | undefined;
  #isBroken = false;

  static of(socket: Duplex & Carrier): Connection {
    const known = socket[CONNECTION];
    if (known) return known;
    const connection = new Connection(socket);
    socket[CONNECTION] = connection;
    socket.once('close', () => connection.#close());
    return connection;
  }

  private constructor(private readonly socket: Duplex) {}

  /** The next request that arrived, whether or not it becomes a call. */
  received(request: IncomingMessage, response: ServerResponse): void {
    this.#request = request;
    this.#response = response;
  }

  begin(call: Call): void {
    this.#calls.add(call);
  }

  end(call: Call): void {
    this.#calls.delete(call);
  }

  /** What follows is not HTTP: the requests before it are answered, then this, and nothing after it. */
  refuseRest(refusal: Problem): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    const request = this.#request;
    const response = this.#response;
    if (!request || !response) this.#refuseNow(refusal);
    else if (!request.complete && !response.headersSent) refuseLast(response, refusal);
    else if (!request.complete) after(response, () => this.#hangUp());
    else after(response, () => this.#refuseNow(refusal));
  }

  #refuseNow(refusal: Problem): void {
    if (this.socket.writable) this.#hangUp(rawAnswer(refusal));
  }

  /** Gives the caller time to read it, even where its system still sends. */
  #hangUp(lastWords = ''): void {
    this.socket.end(lastWords);
    const linger = setTimeout(() => this.socket.destroy(), LINGER_MS);
    this.socket.once('close', () => clearTimeout(linger));
  }

  #close(): void {
    for (const call of this.#calls) call.closed();
    this.#calls.clear();
  }
}

function after(response: ServerResponse, then: () => void): void {
  if (response.writableFinished) then();
  else response.once('finish', then);
}

function refuseLast(response: ServerResponse, refusal: Problem): void {
  response.shouldKeepAlive = false;
  endAnswer(response, answerOf(refusal), LINGER_MS);
}

/** Where there is no request to answer. */
function rawAnswer(refusal: Problem): string {
  const { headers, body } = answerOf(refusal);
  const lines = [];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}\r\n`);
  return `HTTP/1.1 400 Bad Request\r\n${lines.join('')}connection: close\r\n\r\n${body}`;
}
