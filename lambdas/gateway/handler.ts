import type { Writable } from 'node:stream';
import * as z from 'zod';
import { decodedBody } from '../../gateway/body-encoding.js';
import type { Gateway } from '../../gateway/gateway.js';
import { bodyTooLarge, bodyTooShort } from '../../gateway/problems.js';
import { type Reply, type RequestInFlight, send } from '../../gateway/reply.js';
import { answerOf, type Problem } from '../../governance/metering/problem.js';
import { FLUSH_WITHIN_MS } from '../../governance/quotas/lease-time.js';

/** What Lambda's Node runtime adds to the global scope for functions that stream. */
interface LambdaStreaming {
  streamifyResponse(handler: StreamingHandler): unknown;
  HttpResponseStream: {
    from(
      stream: Writable,
      head: { readonly statusCode: number; readonly headers: Record<string, string> },
    ): Writable;
  };
}

declare const awslambda: LambdaStreaming;

export type StreamingHandler = (event: unknown, stream: Writable) => Promise<void>;

/** The fields that the gateway reads of a function URL's event. Its authorizer is IAM itself. */
const EventSchema = z.object({
  rawPath: z.string(),
  rawQueryString: z.string().default(''),
  headers: z.record(z.string(), z.string().optional()).default({}),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authorizer: z
      .object({ iam: z.object({ userArn: z.string().min(1) }).optional() })
      .optional()
      .catch(undefined),
  }),
});

type Event = z.infer<typeof EventSchema>;

export interface GatewayHandlerDeps {
  readonly gateway: Gateway;
  /** The first request waits for it. */
  readonly ready: Promise<void>;
  /** Runs before each answer ends: after that Lambda may freeze the process, with all unwritten usage. */
  readonly flush: () => Promise<void>;
  /**
   * How often it also runs during a long answer: other holders may reclaim a lease that is not
   * renewed, and with it what this request has reserved. @default FLUSH_WITHIN_MS
   */
  readonly flushEveryMs?: number;
}

/** The gateway behind a function URL. */
export function createGatewayHandler(deps: GatewayHandlerDeps): unknown {
  const { gateway, ready, flush, flushEveryMs = FLUSH_WITHIN_MS } = deps;
  return awslambda.streamifyResponse(async (input, stream) => {
    const event = EventSchema.parse(input);
    await ready;
    // The next flush repeats a failed one, and so does the last.
    const renewing = setInterval(() => void flush().catch(() => undefined), flushEveryMs);
    try {
      await new Promise<void>((resolve) => {
        const isHead = event.requestContext.http.method === 'HEAD';
        const reply = new LambdaReply(stream, isHead, gateway.readWithinMs, flush, resolve);
        handle(gateway, event, reply);
      });
    } finally {
      clearInterval(renewing);
    }
  });
}

function handle(gateway: Gateway, event: Event, reply: LambdaReply): void {
  const { headers, requestContext } = event;
  const callerArn = requestContext.authorizer?.iam?.userArn;
  const { rawPath, rawQueryString } = event;
  const target = rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`;
  const endpoint = gateway.route(requestContext.http.method, target, callerArn);
  if (endpoint.kind === 'problem') {
    reply.refuse(endpoint);
    return;
  }
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const announced = Number(headers['content-length'] ?? body.length);
  const { maxBodyBytes } = gateway;
  const refuse = (refusal: Problem) => {
    gateway.refused(refusal);
    reply.refuse(refusal);
  };
  if (Math.max(announced, body.length) > maxBodyBytes) {
    refuse(bodyTooLarge(endpoint, maxBodyBytes));
    return;
  }
  if (announced > body.length) {
    refuse(bodyTooShort());
    return;
  }
  const { accept, 'x-affinity': affinity } = headers;
  const contentType = endpoint.form && headers['content-type'];
  const head = { callerArn, accept, affinity, contentType };
  const start = (decoded: Buffer | Problem) => {
    if (reply.isOver) return; // the caller left while its body was unpacked
    if (!Buffer.isBuffer(decoded)) refuse(decoded);
    else reply.inFlight = gateway.handle(endpoint, head, decoded, reply);
  };
  const decoded = decodedBody(body, headers['content-encoding'], endpoint, maxBodyBytes);
  if (decoded instanceof Promise) void decoded.then(start);
  else start(decoded);
}

class LambdaReply implements Reply {
  inFlight: RequestInFlight | undefined;
  started = false;
  #stream: Writable;
  #over = false;
  readonly #added: Record<string, string> = {};

  constructor(
    stream: Writable,
    /** Whose answer is headers alone. */
    private readonly isHead: boolean,
    private readonly readWithinMs: number,
    private readonly flush: () => Promise<void>,
    private readonly done: () => void,
  ) {
    this.#stream = stream;
    stream.on('error', () => {}); // a caller that hung up is not our failure
    stream.on('close', () => this.#closed());
  }

  refuse(refusal: Problem): void {
    send(this, answerOf(refusal));
  }

  get isOver(): boolean {
    return this.#over;
  }

  addHeader(name: string, value: string): void {
    this.#added[name] = value;
  }

  start(statusCode: number, flat: string[]): void {
    this.started = true;
    const headers = this.#added;
    for (let i = 0; i < flat.length; i += 2) {
      // Lambda frames the stream itself.
      if (flat[i] !== 'content-length') headers[flat[i] ?? ''] = flat[i + 1] ?? '';
    }
    this.#stream = awslambda.HttpResponseStream.from(this.#stream, { statusCode, headers });
  }

  /** The head travels with the first bytes; an empty write sends it alone. */
  flushHead(): void {
    this.#stream.write('');
  }

  write(chunk: Buffer): boolean {
    return this.#stream.write(chunk);
  }

  onceDrained(listener: () => void): void {
    this.#stream.once('drain', listener);
  }

  end(chunk?: Buffer): void {
    this.#over = true;
    if (chunk && !this.isHead) this.#stream.write(chunk);
    void this.#finish(() => this.#read());
  }

  /** A caller that does not read the end of its answer would keep the function until its timeout. */
  #read(): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.#stream.destroy(new Error('the answer was not read'));
        resolve();
      }, this.readWithinMs);
      this.#stream.end(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    void this.#finish(() => this.#stream.destroy(new Error('the answer broke off')));
  }

  #closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.inFlight?.abandon();
    void this.#finish(() => {});
  }

  /** The caller gets the end of its answer; the invocation ends once nothing goes on without it. */
  async #finish(close: () => unknown): Promise<void> {
    await this.#flushed();
    await close();
    const readsOn = this.inFlight?.readsOn;
    if (readsOn) {
      await readsOn;
      await this.#flushed();
    }
    this.done();
  }

  /** What cannot be written now stays in memory until the next request, or the end of the lease. */
  async #flushed(): Promise<void> {
    await this.flush().catch(() => undefined);
  }
}
