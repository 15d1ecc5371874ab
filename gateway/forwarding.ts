import { DeliveredText } from '../governance/metering/delivered-text.js';
import type { Partly } from '../governance/metering/tally.js';
import { type Usage, UsageScanner } from '../governance/metering/usage-scanner.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { Reply } from './reply.js';
import { headerOf, headersForCaller, type UpstreamHeaders } from './response-headers.js';
import type { UpstreamController, UpstreamHandler } from './upstream.js';

/** How one attempt at Mistral ended. */
export type Forwarded =
  /** The whole answer passed on to the caller, but for its last chunk. */
  | {
      readonly kind: 'delivered';
      readonly usage: Usage | undefined;
      readonly lastChunk: Buffer | undefined;
    }
  /** An error from Mistral, of which nothing went to the caller. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: UpstreamHeaders;
      readonly body: Buffer;
    }
  /** No answer, so that nothing went to the caller. */
  | { readonly kind: 'unanswered'; readonly reason: UpstreamFailure }
  /** It broke off after the caller had some of it. */
  | ({ readonly kind: 'broken off'; readonly reason: UpstreamFailure } & Partly);

export type UpstreamFailure =
  /** Of these two Mistral has seen nothing. */
  'no connection' | 'connect timeout' | 'timeout' | 'connection broken' | 'internal error';

export interface ForwardingOwner {
  /** Whether another workspace than the caller's answers. */
  readonly isOverflow: boolean;
  forwarded(outcome: Forwarded): void;
  /** The caller has read nothing for too long. */
  stalled(): void;
}

const MAX_ERROR_BYTES = 16 * 1024;
const STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json';

/** Passes one answer of Mistral's on as it comes, no faster than the caller reads it. */
export class Forwarding implements UpstreamHandler {
  #controller: UpstreamController | undefined;
  #scanner: UsageScanner | undefined;
  #text: DeliveredText | undefined;
  #error: { status: number; headers: UpstreamHeaders; chunks: Buffer[]; bytes: number } | undefined;
  #expectedBytes = -1;
  #receivedBytes = 0;
  #ended = false;
  #stalled: NodeJS.Timeout | undefined;

  constructor(
    private readonly key: ApiKey,
    private readonly reply: Reply,
    private readonly stallMs: number,
    private readonly owner: ForwardingOwner,
  ) {}

  /** The caller hung up, or reads no more. What it had; `undefined` once all was told. */
  abandon(): Partly | undefined {
    if (this.#ended) return undefined;
    this.#ended = true;
    this.#clearStall();
    this.#controller?.abort(new Error('caller hung up'));
    return this.#partly();
  }

  onRequestStart(controller: UpstreamController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error('caller hung up'));
  }

  onResponseStart(_controller: UpstreamController, status: number, headers: UpstreamHeaders): void {
    if (status < 200) return; // an interim answer; the real one follows
    const type = headerOf(headers, 'content-type') ?? JSON_TYPE;
    const isStream = type.startsWith(STREAM);
    if (status >= 300 || !(isStream || type.startsWith(JSON_TYPE))) {
      this.#error = { status, headers, chunks: [], bytes: 0 };
      return;
    }
    this.#scanner = new UsageScanner();
    if (isStream) this.#text = new DeliveredText();
    const length = headerOf(headers, 'content-length');
    if (length !== undefined) this.#expectedBytes = Number(length);
    this.reply.start(status, headersForCaller(headers, this.key, this.owner.isOverflow));
    if (isStream) queueMicrotask(() => this.#flushHead());
  }

  onResponseData(controller: UpstreamController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#error) {
      this.#keepError(chunk);
      return;
    }
    this.#receivedBytes += chunk.length;
    this.#scanner?.scan(chunk);
    if (this.#receivedBytes === this.#expectedBytes) {
      this.#finish({ kind: 'delivered', usage: this.#scanner?.usage, lastChunk: chunk });
      return;
    }
    this.#text?.see(chunk);
    if (!this.reply.write(chunk)) this.#waitForCaller(controller);
  }

  onResponseEnd(): void {
    if (this.#error) {
      const { status, headers, chunks } = this.#error;
      this.#finish({ kind: 'answered', status, headers, body: Buffer.concat(chunks) });
      return;
    }
    this.#finish({ kind: 'delivered', usage: this.#scanner?.usage, lastChunk: undefined });
  }

  onResponseError(_controller: UpstreamController | undefined, error: Error): void {
    if (this.#error) {
      // The status counts, even where its explanation is cut off.
      this.onResponseEnd();
      return;
    }
    const reason = failureOf(error);
    if (!this.#scanner) this.#finish({ kind: 'unanswered', reason });
    else this.#finish({ kind: 'broken off', reason, ...this.#partly() });
  }

  #finish(forwarded: Forwarded): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clearStall();
    this.owner.forwarded(forwarded);
  }

  #partly(): Partly {
    return {
      usage: this.#scanner?.usage,
      deliveredTokens: this.#text?.tokens ?? 0,
      generated: this.#scanner && !this.#text ? 'all' : 'as delivered',
    };
  }

  #keepError(chunk: Buffer): void {
    const error = this.#error;
    if (!error || error.bytes >= MAX_ERROR_BYTES) return;
    const kept = chunk.subarray(0, MAX_ERROR_BYTES - error.bytes);
    error.chunks.push(kept);
    error.bytes += kept.length;
  }

  /** In one packet with the first bytes, where these came with the head. */
  #flushHead(): void {
    if (this.#receivedBytes === 0 && !this.#ended) this.reply.flushHead();
  }

  #waitForCaller(controller: UpstreamController): void {
    controller.pause();
    this.#stalled = setTimeout(() => this.owner.stalled(), this.stallMs);
    this.reply.onceDrained(() => {
      this.#clearStall();
      if (!this.#ended) controller.resume();
    });
  }

  #clearStall(): void {
    if (this.#stalled) clearTimeout(this.#stalled);
    this.#stalled = undefined;
  }
}

/** Of undici's errors and of those of our own client. */
const FAILURES: Readonly<Record<string, UpstreamFailure>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  CONNECT_TIMEOUT: 'connect timeout',
  ANSWER_TIMEOUT: 'timeout',
};

function failureOf(error: Error): UpstreamFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const known = FAILURES[code ?? ''];
  if (known) return known;
  const syscall = 'syscall' in error ? error.syscall : undefined;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return 'no connection';
  if (error instanceof AggregateError) return 'no connection'; // no address of the host answered
  return code === undefined ? 'internal error' : 'connection broken';
}
