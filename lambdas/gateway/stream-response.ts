import type { Writable } from 'node:stream';
import * as z from 'zod';
import { tooLarge, tooShort } from '../../gateway/body-size.js';
import type { Gateway } from '../../gateway/gateway.js';
import type { Exchange, Reply } from '../../gateway/reply.js';
import { answerOf, type Problem } from '../../governance/metering/problem.js';
import { FLUSH_WITHIN_MS } from '../../governance/quotas/lease-time.js';

/** What Lambda's Node runtime puts into the global scope for functions that stream. */
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

/** Of a function URL's event, what the gateway reads. Its authorizer is IAM itself. */
const EventSchema = z.object({
  rawPath: z.string(),
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

export interface StreamingDeps {
  readonly gateway: Gateway;
  /** What the first request waits for. */
  readonly ready: Promise<void>;
  /**
   * Runs before each answer ends: after that Lambda may freeze the process, and what it had not
   * written yet with it.
   */
  readonly flush: () => Promise<void>;
  /**
   * How often it also runs while an answer takes its time: a lease that is not renewed may be taken
   * back by others, and with it what this request has reserved. @default FLUSH_WITHIN_MS
   */
  readonly flushEveryMs?: number;
}

/** The gateway behind a function URL. */
export function createStreamingHandler(deps: StreamingDeps): unknown {
  const { gateway, ready, flush, flushEveryMs = FLUSH_WITHIN_MS } = deps;
  return awslambda.streamifyResponse(async (input, stream) => {
    const event = EventSchema.parse(input);
    await ready;
    // What fails is repeated by the next one, and by the last.
    const renewing = setInterval(() => void flush().catch(() => undefined), flushEveryMs);
    try {
      await new Promise<void>((resolve) => {
        const reply = new LambdaReply(stream, flush, resolve);
        handle(gateway, event, reply);
      });
    } finally {
      clearInterval(renewing);
    }
  });
}

function handle(gateway: Gateway, event: Event, reply: LambdaReply): void {
  const { headers, requestContext } = event;
  const endpoint = gateway.route(requestContext.http.method, event.rawPath);
  if (endpoint.kind === 'problem') {
    reply.refuse(endpoint);
    return;
  }
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const announced = Number(headers['content-length'] ?? body.length);
  const { maxBodyBytes } = gateway;
  if (Math.max(announced, body.length) > maxBodyBytes) {
    reply.refuse(tooLarge(maxBodyBytes));
    return;
  }
  if (announced > body.length) {
    reply.refuse(tooShort());
    return;
  }
  const callerArn = requestContext.authorizer?.iam?.userArn;
  reply.exchange = gateway.handle(endpoint, { callerArn, accept: headers.accept }, body, reply);
}

class LambdaReply implements Reply {
  exchange: Exchange | undefined;
  started = false;
  #stream: Writable;
  #over = false;

  constructor(
    stream: Writable,
    private readonly flush: () => Promise<void>,
    private readonly done: () => void,
  ) {
    this.#stream = stream;
    stream.on('error', () => {}); // a caller that hung up is no failure of ours
    stream.on('close', () => this.#closed());
  }

  refuse(refusal: Problem): void {
    const { status, headers, body } = answerOf(refusal);
    this.start(status, headers);
    this.end(body);
  }

  start(statusCode: number, flat: string[]): void {
    this.started = true;
    const headers: Record<string, string> = {};
    for (let i = 0; i < flat.length; i += 2) {
      // The service frames the stream itself.
      if (flat[i] !== 'content-length') headers[flat[i] ?? ''] = flat[i + 1] ?? '';
    }
    this.#stream = awslambda.HttpResponseStream.from(this.#stream, { statusCode, headers });
  }

  /** The head travels with the first bytes; an empty write is the way to send it alone. */
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
    if (chunk) this.#stream.write(chunk);
    void this.#flushed().then(() => {
      this.#stream.end(this.done);
    });
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    void this.#flushed().then(() => {
      this.#stream.destroy(new Error('the answer broke off'));
      this.done();
    });
  }

  #closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.exchange?.abandon();
    void this.#flushed().then(this.done);
  }

  /** What cannot be written now stays in memory, for the next request or the lease's end. */
  async #flushed(): Promise<void> {
    await this.flush().catch(() => undefined);
  }
}
