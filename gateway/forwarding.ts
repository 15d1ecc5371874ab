import {
  type AnswerMeter,
  meterFor,
  type PartialAnswer,
} from '../governance/metering/answer-meter.js';
import type { ReportedUsage } from '../governance/metering/usage-scanner.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { Reply } from './reply.js';
import { headerOf, headersForCaller, type UpstreamHeaders } from './response-headers.js';
import {
  failureOf,
  type UpstreamAnswer,
  type UpstreamController,
  type UpstreamFailure,
  type UpstreamHandler,
} from './upstream.js';

/** How one attempt at Mistral ended. */
export type Forwarded =
  /** The whole answer is with the caller, except for its last chunk. */
  | {
      readonly kind: 'delivered';
      readonly usage: ReportedUsage | undefined;
      readonly lastChunk: Buffer | undefined;
    }
  /** An error from Mistral, none of which went to the caller. */
  | ({ readonly kind: 'error' } & UpstreamAnswer)
  /** No answer, so nothing went to the caller. */
  | { readonly kind: 'unanswered'; readonly reason: UpstreamFailure }
  /** It broke off after the caller had received a part. */
  | {
      readonly kind: 'broken off';
      readonly reason: UpstreamFailure | 'caller stalled';
      readonly answer: PartialAnswer;
    }
  | { readonly kind: 'abandoned' };

const MAX_ERROR_BYTES = 16 * 1024;

/** Passes one answer of Mistral's on as it comes, no faster than the caller reads it. */
export class Forwarding implements UpstreamHandler {
  #controller: UpstreamController | undefined;
  #meter: AnswerMeter | undefined;
  #error: { status: number; headers: UpstreamHeaders; chunks: Buffer[]; bytes: number } | undefined;
  #expectedBytes = -1;
  #receivedBytes = 0;
  #ended = false;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly key: ApiKey,
    private readonly reply: Reply,
    /** Whether another workspace than the caller's answers. */
    private readonly isOverflow: boolean,
    /** How long the caller may read nothing of an answer that waits for it. */
    private readonly stallMs: number,
    private readonly done: (outcome: Forwarded) => void,
  ) {}

  /** The caller hung up. Returns what it received. */
  abandon(): PartialAnswer {
    this.#stop({ kind: 'abandoned' });
    return this.#meter?.partial ?? NOTHING;
  }

  onRequestStart(controller: UpstreamController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(new Error('caller hung up'));
  }

  onResponseStart(_controller: UpstreamController, status: number, headers: UpstreamHeaders): void {
    if (status < 200) return; // an interim answer; the real one follows
    const meter = status < 300 ? meterFor(headerOf(headers, 'content-type')) : undefined;
    if (!meter) {
      this.#error = { status, headers, chunks: [], bytes: 0 };
      return;
    }
    this.#meter = meter;
    const length = headerOf(headers, 'content-length');
    if (length !== undefined) this.#expectedBytes = Number(length);
    this.reply.start(status, headersForCaller(headers, this.key, this.isOverflow));
    if (meter.isStream) queueMicrotask(() => this.#flushHead());
  }

  onResponseData(controller: UpstreamController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#error) {
      this.#keepError(chunk);
      return;
    }
    this.#receivedBytes += chunk.length;
    this.#meter?.see(chunk);
    if (this.#receivedBytes === this.#expectedBytes) this.#deliver(chunk);
    else if (!this.reply.write(chunk)) this.#waitForCaller(controller);
  }

  onResponseEnd(): void {
    if (!this.#error) {
      this.#deliver(undefined);
      return;
    }
    const { status, headers, chunks } = this.#error;
    this.#finish({ kind: 'error', status, headers, body: Buffer.concat(chunks) });
  }

  onResponseError(_controller: UpstreamController | undefined, error: Error): void {
    // The status counts, even where its explanation is cut off.
    if (this.#error) this.onResponseEnd();
    else this.#breakOff(failureOf(error));
  }

  #deliver(lastChunk: Buffer | undefined): void {
    this.#finish({ kind: 'delivered', usage: this.#meter?.usage, lastChunk });
  }

  #breakOff(reason: UpstreamFailure): void {
    if (!this.#meter) this.#finish({ kind: 'unanswered', reason });
    else this.#finish({ kind: 'broken off', reason, answer: this.#meter.partial });
  }

  #stop(outcome: Forwarded): void {
    this.#finish(outcome);
    this.#controller?.abort(new Error('caller hung up'));
  }

  #finish(outcome: Forwarded): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clearStall();
    this.done(outcome);
  }

  #keepError(chunk: Buffer): void {
    const error = this.#error;
    if (!error || error.bytes >= MAX_ERROR_BYTES) return;
    const kept = chunk.subarray(0, MAX_ERROR_BYTES - error.bytes);
    error.chunks.push(kept);
    error.bytes += kept.length;
  }

  /** The head goes in one packet with the first bytes, where these came with the head. */
  #flushHead(): void {
    if (this.#receivedBytes === 0 && !this.#ended) this.reply.flushHead();
  }

  #waitForCaller(controller: UpstreamController): void {
    controller.pause();
    this.#stallTimer = setTimeout(() => {
      const answer = this.#meter?.partial ?? NOTHING;
      this.#stop({ kind: 'broken off', reason: 'caller stalled', answer });
    }, this.stallMs);
    this.reply.onceDrained(() => {
      this.#clearStall();
      if (!this.#ended) controller.resume();
    });
  }

  #clearStall(): void {
    if (this.#stallTimer) clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
  }
}

const NOTHING: PartialAnswer = {
  usage: undefined,
  deliveredTokens: 0,
  generated: 'as delivered',
};
