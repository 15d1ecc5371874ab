import { Readable } from 'node:stream';
import { FormReader } from '../../governance/metering/forms/form-reader.js';
import { FormScanner } from '../../governance/metering/forms/form-scanner.js';
import type { FormShape } from '../../governance/metering/forms/form-shape.js';
import { boundaryOf } from '../../governance/metering/forms/form-type.js';
import type { ReceivedForm } from '../../governance/metering/forms/whole-form.js';
import type { WrittenForm } from '../../governance/metering/forms/written-form.js';
import { type Problem, problem } from '../../governance/metering/problem.js';
import { bodyTooLarge } from '../problems.js';

const MIB = 1024 * 1024;
/** Mistral takes files of up to 512 MB; with the rest of a form. */
export const MOST_UPLOAD_BYTES = 513 * MIB;
/** How long one may take, however steadily it arrives: so long it keeps what is reserved for it. */
export const UPLOAD_WITHIN_MS = 15 * 60_000;

/** A request whose body is a form, as it arrives. */
export interface UploadSource {
  /** The rest of the body. */
  readonly body: Readable;
  /** What was read of it before. */
  readonly received: readonly Buffer[];
  readonly contentType: string | undefined;
  /** `undefined` where the body does not say. */
  readonly announcedBytes: number | undefined;
  /** How long nothing may arrive while it is waited for. */
  readonly idleMs: number;
}

/**
 * A form that is larger than what is held in memory. It is read once: `head` first, which has all before the bytes
 * of its file; then, by `send`, the upload itself is the form to send to Mistral, no faster than Mistral reads it.
 * What comes after the file is checked as it comes: where it is wrong the upload breaks off before its end, so that
 * Mistral does nothing with it, and `problem` says why.
 *
 * Any endpoint with a `form` can use it: create one per request, decide by `head`, pass `send(…)` as the body of the
 * request to Mistral, and call `stop` when the request has its answer.
 */
export class Upload extends Readable {
  readonly head: Promise<ReceivedForm | Problem>;
  /** Called once all of it was handed over. */
  onSent: (() => void) | undefined;
  #resolveHead: (head: ReceivedForm | Problem) => void = () => {};
  readonly #reader: FormReader;
  readonly #scanner: FormScanner | undefined;
  readonly #idle: NodeJS.Timeout;
  #bytes = 0;
  /** Of the file, before the form to send has begun. */
  #early: Buffer[] = [];
  #written: WrittenForm | undefined;
  /** Of the fields, those before the file. */
  #entriesBefore = 0;
  #isRead = false;
  #isSent = false;
  #isStopped = false;
  #problem: Problem | undefined;

  constructor(
    private readonly shape: FormShape,
    private readonly source: UploadSource,
  ) {
    super();
    this.on('error', () => {}); // `problem` says it
    this.head = new Promise((resolve) => {
      this.#resolveHead = resolve;
    });
    this.#reader = new FormReader(shape, {
      file: () => this.#begin(),
      data: (bytes) => this.#pass(bytes),
    });
    this.#idle = setTimeout(() => this.#stalled(), source.idleMs);
    const boundary = boundaryOf(source.contentType);
    if (typeof boundary !== 'string') {
      this.#fail(boundary);
      return;
    }
    this.#scanner = new FormScanner(boundary, this.#reader);
    for (const chunk of source.received) this.#receive(chunk);
    source.body.on('data', this.#onData).on('end', this.#onEnd);
    if (this.#file) source.body.pause();
  }

  /** Why it broke off. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** Whether Mistral can have received all of it; before that, it does nothing. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /** @param start of the form to send, up to the bytes of its file */
  send(start: Buffer, written: WrittenForm): Readable {
    this.#written = written;
    this.push(start);
    for (const bytes of this.#early) this.push(bytes);
    this.#early = [];
    if (this.#isRead) this.#finish();
    return this;
  }

  /** No more of it is needed. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#idle);
    this.source.body.off('data', this.#onData).off('end', this.#onEnd);
    this.#early = [];
    this.#resolveHead(this.#problem ?? problem('invalid_request', 'the caller left'));
    if (!this.#isSent) this.destroy();
  }

  override _read(): void {
    if (this.#isStopped || this.#isRead || !this.source.body.isPaused()) return;
    this.#idle.refresh();
    this.source.body.resume();
  }

  get #file() {
    return this.#reader.file;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#idle.refresh();
    this.#receive(chunk);
  };

  readonly #onEnd = (): void => {
    const wrong = this.#scanner?.end() ?? this.#reader.missing();
    if (wrong) {
      this.#fail(wrong);
      return;
    }
    this.#isRead = true;
    clearTimeout(this.#idle);
    if (!this.#file) this.#resolveHead(this.#read());
    else if (this.#written) this.#finish();
  };

  #receive(chunk: Buffer): void {
    if (this.#isStopped || this.#problem) return;
    this.#bytes += chunk.length;
    const isTooLarge = this.#bytes > MOST_UPLOAD_BYTES;
    const wrong = isTooLarge
      ? bodyTooLarge({ form: this.shape }, MOST_UPLOAD_BYTES)
      : this.#scanner?.write(chunk);
    if (wrong) this.#fail(wrong);
  }

  #begin(): Problem | undefined {
    const { needed: first, isNeededFirst, file } = this.shape;
    if (isNeededFirst && this.#reader.valueOf(first) === undefined) {
      const what = `${first} must come before ${file} in a form that is as large as this one: put ${first} first`;
      return problem('invalid_request', what, { param: first });
    }
    this.#entriesBefore = this.#reader.entries.length;
    this.#resolveHead(this.#read());
    return undefined;
  }

  #read(): ReceivedForm {
    const { announcedBytes = MOST_UPLOAD_BYTES } = this.source;
    const entries = [...this.#reader.entries];
    const file = this.#file;
    const { shape } = this;
    return { kind: 'form', shape, entries, file, content: undefined, fileBytes: announcedBytes };
  }

  /** Until Mistral reads on, no more is read. */
  #pass(bytes: Buffer): undefined {
    if (!this.#written) this.#early.push(bytes);
    if (!this.#written || !this.push(bytes)) this.source.body.pause();
  }

  #finish(): void {
    const later = this.#reader.entries.slice(this.#entriesBefore);
    this.#isSent = true;
    if (this.#written) this.push(this.#written.end(this.#file, later));
    this.push(null);
    this.onSent?.();
  }

  #fail(why: Problem): void {
    if (this.#problem) return;
    this.#problem = why;
    this.stop();
    this.destroy(new Error(why.message));
  }

  #stalled(): void {
    if (this.#isStopped || this.#isRead) return;
    if (this.source.body.isPaused()) return; // armed again as soon as it is waited for
    const seconds = Math.ceil(this.source.idleMs / 1000);
    this.#fail(problem('invalid_request', `nothing of the body arrived for ${seconds} seconds`));
  }
}
