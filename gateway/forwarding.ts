import {
  type AnswerMeter,
  type MeteredAnswer,
  meterFor,
} from '../governance/metering/answer-meter.js';
import type { Hold } from '../governance/metering/hold.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { Forwarded } from './forwarded.js';
import type { AwaitedAnswer, LateAnswers } from './late-answers.js';
import type { RequestsAtLimit } from './rate-limit.js';
import { NOWHERE, type Reply } from './reply.js';
import { headerOf, headersForCaller, type UpstreamHeaders } from './response-headers.js';
import {
  failureOf,
  MOST_ERROR_BYTES,
  type UpstreamController,
  type UpstreamFailure,
  type UpstreamHandler,
} from './upstream.js';

/** Why a caller does not get the rest, although it comes. */
export type Lost = 'timeout' | 'caller stalled';

/** The request that an attempt is made for: two methods rather than two closures for each. */
export interface ForwardingOwner {
  ended(attempt: Forwarding, outcome: Forwarded): void;
  /** Whether all of the request was handed over: before that, Mistral does nothing. */
  readonly isBodySent: boolean;
  /** The caller does not get the rest; the attempt goes on until it is detached or cut. */
  lost(attempt: Forwarding, why: Lost): void;
}

/** The same for every attempt of a gateway. */
export interface ForwardingLimits {
  /** How long an answer that is not a stream may take to begin. */
  readonly lateAnswers: LateAnswers;
  /** How long the caller may read nothing of an answer that waits for it. */
  readonly stallMs: number;
  readonly atRateLimit: RequestsAtLimit;
}

/** Passes one answer of Mistral's on as it comes, no faster than the caller reads it. */
export class Forwarding implements UpstreamHandler, AwaitedAnswer {
  askedAtMs = 0;
  earlier: AwaitedAnswer | undefined;
  later: AwaitedAnswer | undefined;
  #reply: Reply;
  #controller: UpstreamController | undefined;
  #meter: AnswerMeter | undefined;
  #error: { status: number; headers: UpstreamHeaders; chunks: Buffer[]; bytes: number } | undefined;
  #expectedBytes = -1;
  #receivedBytes = 0;
  #ended = false;
  #isPaused = false;
  /** Its caller once did not read: then more is generated than has arrived here. */
  #wasPaused = false;
  #hasInterim = false;
  /** For a caller that does not read. */
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly hold: Hold,
    readonly key: ApiKey,
    reply: Reply,
    private readonly limits: ForwardingLimits,
    private readonly owner: ForwardingOwner,
  ) {
    this.#reply = reply;
    if (!hold.demand.streamed && owner.isBodySent) limits.lateAnswers.await(this);
  }

  /** From now on Mistral has what it needs for its answer. */
  bodySent(): void {
    if (this.#ended || this.isAnswered) return;
    if (!this.hold.demand.streamed) this.limits.lateAnswers.await(this);
  }

  /** Whether another workspace than the caller's answers. */
  get isOverflow(): boolean {
    return this.hold.lender !== undefined;
  }

  /** The answer has not begun in time. */
  late(): void {
    this.owner.lost(this, 'timeout');
  }

  get isStream(): boolean {
    return this.#meter?.isStream ?? false;
  }

  /** Whether the rest says what the request costs. A stream that has not begun stops with its connection. */
  get isWorthReading(): boolean {
    if (!this.#meter) return this.wasSent && !this.hold.demand.streamed;
    return !this.isStream || this.#meter.answer.usage === undefined;
  }

  /** Whether Mistral may have received the request. */
  get wasSent(): boolean {
    return this.#controller !== undefined && (this.isAnswered || this.owner.isBodySent);
  }

  get isAnswered(): boolean {
    return this.#meter !== undefined || this.#error !== undefined;
  }

  /** Goes on without the caller, for the usage alone. */
  detach(): void {
    this.#reply = NOWHERE;
    this.#waitNoMore();
    if (this.#isPaused) this.#resume();
  }

  /** Ends the request: the rest is not needed. */
  cut(): void {
    if (this.#error) this.onResponseEnd();
    else this.#finish({ kind: 'cut', answer: this.#partial(), wasSent: this.wasSent });
    this.#controller?.abort(new Error('caller hung up'));
  }

  /** Also the moment from which on Mistral may see the request. */
  onRequestStart(controller: UpstreamController): void {
    if (this.#ended) controller.abort(new Error('caller hung up'));
    else this.#controller = controller;
  }

  onResponseStart(_controller: UpstreamController, status: number, headers: UpstreamHeaders): void {
    if (status < 200) {
      this.#expectAfterInterim();
      return;
    }
    this.limits.lateAnswers.ended(this);
    const meter = status < 300 ? meterFor(headerOf(headers, 'content-type')) : undefined;
    if (!meter) {
      this.#error = { status, headers, chunks: [], bytes: 0 };
      return;
    }
    this.#meter = meter;
    if (meter.isStream && !this.hold.demand.unreported && this.#reply === NOWHERE) {
      this.cut();
      return;
    }
    const length = headerOf(headers, 'content-length');
    if (length !== undefined) this.#expectedBytes = Number(length);
    this.#reply.start(status, headersForCaller(headers, this.key, this.isOverflow));
    if (meter.isStream) queueMicrotask(() => this.#flushHead());
  }

  onResponseData(controller: UpstreamController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#error) {
      this.#keepError(controller, chunk);
      return;
    }
    this.#receivedBytes += chunk.length;
    this.#meter?.see(chunk);
    if (this.#receivedBytes === this.#expectedBytes) this.#deliver(chunk);
    else if (!this.#reply.write(chunk)) this.#waitForCaller(controller);
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
    this.#finish({ kind: 'delivered', answer: this.#meter?.answer, lastChunk });
  }

  #breakOff(reason: UpstreamFailure): void {
    const answer = this.#partial();
    if (answer) this.#finish({ kind: 'broken off', reason, answer });
    else this.#finish({ kind: 'unanswered', reason, wasSent: this.wasSent });
  }

  /** What waits for a caller that does not read is generated, too, and not seen here. */
  #partial(): MeteredAnswer | undefined {
    const partial = this.#meter?.answer;
    return partial && this.#wasPaused ? { ...partial, generated: 'all' } : partial;
  }

  #finish(outcome: Forwarded): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waitNoMore();
    this.owner.ended(this, outcome);
  }

  /** What is longer than any of Mistral's errors is cut off: it may have no end. */
  #keepError(controller: UpstreamController, chunk: Buffer): void {
    const error = this.#error;
    if (!error) return;
    const kept = chunk.subarray(0, MOST_ERROR_BYTES - error.bytes);
    error.chunks.push(kept);
    error.bytes += kept.length;
    if (error.bytes < MOST_ERROR_BYTES) return;
    this.onResponseEnd();
    controller.abort(new Error('too long for an error'));
  }

  /** Some clients count each interim answer as the first byte: of a stream that would be no limit. */
  #expectAfterInterim(): void {
    if (this.#hasInterim || !this.hold.demand.streamed || this.#ended) return;
    this.#hasInterim = true;
    this.limits.lateAnswers.await(this);
  }

  /** The head goes in one packet with the first bytes, where these came with the head. */
  #flushHead(): void {
    if (this.#receivedBytes === 0 && !this.#ended) this.#reply.flushHead();
  }

  #waitForCaller(controller: UpstreamController): void {
    controller.pause();
    this.#isPaused = true;
    this.#wasPaused = true;
    this.#timer = setTimeout(() => this.owner.lost(this, 'caller stalled'), this.limits.stallMs);
    this.#reply.onceDrained(() => {
      if (!this.#isPaused || this.#ended) return;
      this.#clearTimer();
      this.#resume();
    });
  }

  #resume(): void {
    this.#isPaused = false;
    this.#controller?.resume();
  }

  #waitNoMore(): void {
    this.limits.lateAnswers.ended(this);
    this.#clearTimer();
  }

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
