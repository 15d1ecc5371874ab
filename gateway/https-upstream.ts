import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline } from 'node:stream';
import {
  headersFor,
  KEEP_ALIVE_MS,
  pathPrefix,
  type Upstream,
  type UpstreamController,
  type UpstreamHandler,
  type UpstreamRequest,
  type UpstreamTimeouts,
} from './upstream.js';

/** For a process that serves one request at a time and may be frozen in between. Loads no package. */
export function createHttpsUpstream(
  apiUrl: string,
  timeouts: UpstreamTimeouts,
  now: () => number = Date.now,
): Upstream {
  const url = new URL(apiUrl);
  const { port, protocol } = url;
  const hostname = url.hostname.replace(/^\[(.+)\]$/, '$1'); // of IPv6, the address alone
  const transport = protocol === 'http:' ? http : https;
  const prefix = pathPrefix(url);
  let agent = new transport.Agent({ keepAlive: true });
  let lastUsedAt = now();

  // The connections that a frozen process holds are cut by now, and the timers that would have closed
  // them did not run.
  function freshAgent(): http.Agent {
    const at = now();
    if (at - lastUsedAt > KEEP_ALIVE_MS) {
      agent.destroy();
      agent = new transport.Agent({ keepAlive: true });
    }
    lastUsedAt = at;
    return agent;
  }

  return {
    dispatch({ method, path, key, head, body, contentType, firstByteTimeoutMs }, handler) {
      const framing = Buffer.isBuffer(body) || !body ? lengthOf(body) : CHUNKED;
      const headers = [...headersFor(key, head, contentType), ...framing, 'host', url.host];
      const request = { method, hostname, port, path: prefix + path, headers, agent: freshAgent() };
      const firstByteMs = firstByteTimeoutMs ?? timeouts.firstByteTimeoutSeconds * 1000;
      new HttpsCall(transport.request(request), timeouts, firstByteMs, handler).send(body);
    },
    close: async () => agent.destroy(),
  };
}

const CHUNKED = ['transfer-encoding', 'chunked'];

function lengthOf(body: Buffer | undefined): string[] {
  return ['content-length', String(body?.length ?? 0)];
}

/** One request and its answer. Reports its end once, whichever comes first. */
class HttpsCall implements UpstreamController {
  #response: http.IncomingMessage | undefined;
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: http.ClientRequest,
    private readonly timeouts: UpstreamTimeouts,
    private readonly firstByteMs: number,
    private readonly handler: UpstreamHandler,
  ) {}

  send(body: UpstreamRequest['body']): void {
    const { request, timeouts } = this;
    request.on('error', (error) => this.#fail(error));
    request.on('close', () => this.#fail(broken()));
    request.on('response', (response) => this.#receive(response));
    request.on('socket', (socket) => {
      if (!socket.connecting) {
        this.#begin(body);
        return;
      }
      const limit = setTimeout(() => {
        this.abort(timeout('CONNECT_TIMEOUT'));
      }, timeouts.connectTimeoutSeconds * 1000);
      const settled = () => clearTimeout(limit);
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
        settled();
        this.#begin(body);
      });
      socket.once('close', settled);
    });
  }

  pause(): void {
    this.#response?.pause();
    clearTimeout(this.#timer); // the caller is slow, not Mistral
  }

  resume(): void {
    this.#response?.resume();
    this.#expectWithin(this.timeouts.idleTimeoutSeconds * 1000);
  }

  abort(reason: Error): void {
    this.#fail(reason);
    this.request.destroy();
  }

  #begin(body: UpstreamRequest['body']): void {
    this.handler.onRequestStart(this);
    if (this.#over) return;
    this.#expectWithin(this.firstByteMs);
    if (Buffer.isBuffer(body) || !body) this.request.end(body);
    else pipeline(body, this.request, () => {}); // its errors are the request's
  }

  #receive(response: http.IncomingMessage): void {
    this.#response = response;
    const idleMs = this.timeouts.idleTimeoutSeconds * 1000;
    this.#expectWithin(idleMs);
    response.on('error', (error) => this.#fail(error));
    response.on('data', (chunk: Buffer) => {
      this.#expectWithin(idleMs);
      if (!this.#over) this.handler.onResponseData(this, chunk);
    });
    response.on('end', () => {
      if (response.complete) this.#end();
      else this.#fail(broken());
    });
    this.handler.onResponseStart(this, response.statusCode ?? 0, response.headers);
  }

  #expectWithin(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#timer = setTimeout(() => this.abort(timeout('ANSWER_TIMEOUT')), ms);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.handler.onResponseEnd();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.handler.onResponseError(this, error);
  }
}

function timeout(code: 'CONNECT_TIMEOUT' | 'ANSWER_TIMEOUT'): Error {
  return Object.assign(new Error('Mistral did not answer in time'), { code });
}

function broken(): Error {
  return Object.assign(new Error('the connection ended early'), { code: 'ECONNRESET' });
}
