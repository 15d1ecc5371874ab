import type { ApiKey } from '../../governance/mistral/api-key.js';
import type { Reply } from '../reply.js';
import { headersForCaller, type UpstreamHeaders } from '../response-headers.js';
import {
  failureOf,
  MOST_ERROR_BYTES,
  type UpstreamAnswer,
  type UpstreamController,
  type UpstreamFailure,
  type UpstreamHandler,
} from '../upstream.js';

/** How one call to Mistral ended. */
export type Transferred =
  | ({ readonly kind: 'answered' } & UpstreamAnswer)
  /** All of it is with the caller. */
  | { readonly kind: 'delivered' }
  /** It broke off after a part of it was passed on. */
  | { readonly kind: 'broken off'; readonly reason: UpstreamFailure }
  | {
      readonly kind: 'unanswered';
      readonly reason: UpstreamFailure | 'too long';
      readonly wasSent: boolean;
    };

/** An object's description is some kilobytes. */
const MOST_BYTES = 1024 * 1024;

/** Where a long answer goes as it comes. */
export interface Destination {
  readonly reply: Reply;
  /** How long the caller may read nothing. */
  readonly stallMs: number;
  readonly form: 'file' | 'json';
}

/** Takes a long answer as it comes, in place of the caller; `false` for no more. */
export type Sink = (chunk: Buffer) => boolean;

/** Takes one answer of Mistral's: whole, or passed on as fast as the caller reads. An error is always whole. */
export class Transfer implements UpstreamHandler {
  #controller: UpstreamController | undefined;
  #status = 0;
  #headers: UpstreamHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isPassedOn = false;
  #isOver = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(
    private readonly key: ApiKey,
    private readonly to: Destination | Sink | undefined,
    private readonly done: (result: Transferred) => void,
  ) {}

  /** The caller is gone, and the rest of no use. */
  cut(): void {
    if (!this.to || this.#isOver) return;
    this.#end({ kind: 'broken off', reason: 'connection broken' });
    this.#controller?.abort(new Error('caller hung up'));
  }

  onRequestStart(controller: UpstreamController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('caller hung up'));
  }

  onResponseStart(_controller: UpstreamController, status: number, headers: UpstreamHeaders): void {
    if (status < 200 || this.#isOver) return;
    this.#status = status;
    this.#headers = headers;
    if (!this.to || status >= 300) return;
    this.#isPassedOn = true;
    if (isSink(this.to)) return;
    const { form, reply } = this.to;
    const headersOf = form === 'file' ? fileHeaders : jsonHeaders;
    reply.start(status, headersOf(headers, this.key));
  }

  onResponseData(controller: UpstreamController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.to && this.#isPassedOn) {
      if (isSink(this.to)) {
        if (!this.to(chunk)) this.cut();
      } else if (!this.to.reply.write(chunk)) this.#waitForCaller(this.to, controller);
      return;
    }
    const room = this.#status < 300 ? MOST_BYTES : MOST_ERROR_BYTES;
    this.#chunks.push(chunk.subarray(0, room - this.#bytes));
    this.#bytes += chunk.length;
    if (this.#bytes <= room) return;
    if (this.#status < 300) this.#fail('too long');
    else this.onResponseEnd();
    controller.abort(new Error('too long'));
  }

  onResponseEnd(): void {
    if (this.#isPassedOn) this.#end({ kind: 'delivered' });
    else {
      const body = Buffer.concat(this.#chunks);
      this.#end({ kind: 'answered', status: this.#status, headers: this.#headers, body });
    }
  }

  onResponseError(_controller: UpstreamController | undefined, error: Error): void {
    this.#fail(failureOf(error));
  }

  #fail(reason: UpstreamFailure | 'too long'): void {
    if (this.#isPassedOn && reason !== 'too long') this.#end({ kind: 'broken off', reason });
    else this.#end({ kind: 'unanswered', reason, wasSent: this.#controller !== undefined });
  }

  #end(result: Transferred): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#stall);
    this.done(result);
  }

  #waitForCaller({ reply, stallMs }: Destination, controller: UpstreamController): void {
    controller.pause();
    this.#stall = setTimeout(() => this.cut(), stallMs);
    reply.onceDrained(() => {
      clearTimeout(this.#stall);
      if (!this.#isOver) controller.resume();
    });
  }
}

function isSink(to: Destination | Sink): to is Sink {
  return typeof to === 'function';
}

const LENGTH = /^\d{1,15}$/;

/**
 * Bytes and type of a file are what its owner chose: it is to be saved, and not shown. The API knows one
 * type of answer here, and the official SDKs accept no other.
 */
function fileHeaders(headers: UpstreamHeaders, key: ApiKey): string[] {
  const { 'content-type': _, 'content-length': length, ...others } = headers;
  const passed = headersForCaller(others, key, false);
  passed.push('content-type', 'application/octet-stream', 'x-content-type-options', 'nosniff');
  passed.push('content-disposition', 'attachment');
  if (typeof length === 'string' && LENGTH.test(length)) passed.push('content-length', length);
  return passed;
}

function jsonHeaders(headers: UpstreamHeaders, key: ApiKey): string[] {
  return headersForCaller(headers, key, false);
}
