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
    if (!isSink(this.to)) this.to.reply.start(status, fileHeaders(headers, this.key));
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

const MEDIA_TYPE = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(; ?charset=[\w-]{1,20})?$/;
const LENGTH = /^\d{1,15}$/;

/**
 * Of a file whose bytes another may have chosen: its type in plain form, never one that a browser
 * would run, and always to be saved.
 */
function fileHeaders(headers: UpstreamHeaders, key: ApiKey): string[] {
  const { 'content-type': type, 'content-length': length, ...others } = headers;
  const passed = headersForCaller(others, key, false);
  const isPlain = typeof type === 'string' && MEDIA_TYPE.test(type) && !/html|xml|svg/i.test(type);
  passed.push('content-type', isPlain ? type : 'application/octet-stream');
  passed.push('content-disposition', 'attachment', 'x-content-type-options', 'nosniff');
  if (typeof length === 'string' && LENGTH.test(length)) passed.push('content-length', length);
  return passed;
}
