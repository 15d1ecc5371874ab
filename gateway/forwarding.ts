import {
  type AnswerMeter,
  type MeteredAnswer,
  meterFor,
} from '../governance/metering/answer-meter.js';
import type { Hold } from '../governance/metering/metering.js';
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
      readonly answer: MeteredAnswer | undefined;
      readonly lastChunk: Buffer | undefined;
    }
  /** An error from Mistral, none of which went to the caller. */
  | ({ readonly kind: 'error' } & UpstreamAnswer)
  /** No answer, so nothing went to the caller. */
  | {
      readonly kind: 'unanswered';
      readonly reason: UpstreamFailure;
      readonly answer?: undefined;
      /** Whether Mistral may have received the request. */
      readonly wasSent: boolean;
    }
  /** It broke off after the caller had received a part. */
  | {
      readonly kind: 'broken off';
      readonly reason: UpstreamFailure;
      readonly answer: MeteredAnswer;
    }
  /** It was cut off here, since its caller was gone. */
  | {
      readonly kind: 'cut';
      readonly answer: MeteredAnswer | undefined;
      readonly wasSent: boolean;
    };

/** An error after which the request may be sent again. */
export type Rejection = UpstreamAnswer & { readonly status: 401 | 429 };

export function isRejection(outcome: Forwarded): outcome is Forwarded & Rejection {
  return outcome.kind === 'error' && (outcome.status === 401 || outcome.status === 429);
}

/** What it costs. A stream that is cut here ends with what arrived; one that breaks may have had more. */
export function settle(hold: Hold, outcome: Forwarded): void {
  if (outcome.kind === 'delivered') hold.ended(outcome.answer);
  else if (outcome.kind === 'error') hold.failed(outcome.status);
  else if (outcome.kind === 'unanswered' && !outcome.wasSent) hold.release();
  else if (outcome.kind === 'cut' && !outcome.wasSent) hold.release();
  else if (outcome.kind === 'cut' || outcome.reason === 'timeout') hold.endedEarly(outcome.answer);
  else hold.brokeOff(outcome.answer);
}

export interface ForwardingLimits {
  /** How long the answer may take to begin; without, the upstream's own limit applies. */
  readonly lateAfterMs: number | undefined;
  /** How long the caller may read nothing of an answer that waits for it. */
  readonly stallMs: number;
}

/** Why a caller does not get the rest, although it comes. */
export type Lost = 'timeout' | 'caller stalled';

const MAX_ERROR_BYTES = 16 * 1024;

/** Passes one answer of Mistral's on as it comes, no faster than the caller reads it. */
export class Forwarding implements UpstreamHandler {
  #reply: Reply;
  #controller: UpstreamController | undefined;
  #meter: AnswerMeter | undefined;
  #error: { status: number; headers: UpstreamHeaders; chunks: Buffer[]; bytes: number } | undefined;
  #expectedBytes = -1;
  #receivedBytes = 0;
  #ended = false;
  #isPaused = false;
  /** For the answer to begin, then for a caller that does not read. */
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly key: ApiKey,
    reply: Reply,
    /** Whether another workspace than the caller's answers. */
    private readonly isOverflow: boolean,
    private readonly limits: ForwardingLimits,
    private readonly done: (outcome: Forwarded) => void,
    private readonly lost: (why: Lost) => void,
  ) {
    this.#reply = reply;
    const { lateAfterMs } = limits;
    if (lateAfterMs !== undefined) this.#timer = setTimeout(lost, lateAfterMs, 'timeout');
  }

  /** Whether Mistral's work stops with the connection, and the answer says how much there was. */
  get isStream(): boolean {
    return this.#meter?.isStream ?? false;
  }

  /** Whether Mistral may have received the request. */
  get wasSent(): boolean {
    return this.#controller !== undefined;
  }

  /** Goes on without the caller, for the usage alone. */
  detach(): void {
    this.#reply = NOWHERE;
    this.#clearTimer();
    if (this.#isPaused) this.#resume();
  }

  /** Ends the request: the rest is not needed. */
  cut(): void {
    const answer = this.#partial();
    this.#finish({ kind: 'cut', answer, wasSent: this.wasSent });
    this.#controller?.abort(new Error('caller hung up'));
  }

  /** Also the moment from which on Mistral may see the request. */
  onRequestStart(controller: UpstreamController): void {
    if (this.#ended) controller.abort(new Error('caller hung up'));
    else this.#controller = controller;
  }

  onResponseStart(_controller: UpstreamController, status: number, headers: UpstreamHeaders): void {
    if (status < 200) return; // an interim answer; the real one follows
    this.#clearTimer();
    const meter = status < 300 ? meterFor(headerOf(headers, 'content-type')) : undefined;
    if (!meter) {
      this.#error = { status, headers, chunks: [], bytes: 0 };
      return;
    }
    this.#meter = meter;
    if (meter.isStream && this.#reply === NOWHERE) {
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
      this.#keepError(chunk);
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
    return partial && this.#isPaused ? { ...partial, generated: 'all' } : partial;
  }

  #finish(outcome: Forwarded): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clearTimer();
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
    if (this.#receivedBytes === 0 && !this.#ended) this.#reply.flushHead();
  }

  #waitForCaller(controller: UpstreamController): void {
    controller.pause();
    this.#isPaused = true;
    this.#timer = setTimeout(this.lost, this.limits.stallMs, 'caller stalled');
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

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Where an answer goes that only its usage is read of. */
const NOWHERE: Reply = {
  started: true,
  addHeader() {},
  start() {},
  flushHead() {},
  write: () => true,
  onceDrained() {},
  end() {},
  destroy() {},
};
