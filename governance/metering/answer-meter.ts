import { type ReportedUsage, UsageScanner } from './usage-scanner.js';

/** What is known about an answer, up to now or at its end. */
export interface MeteredAnswer {
  readonly usage: ReportedUsage | undefined;
  /** It is an error of Mistral's, or ends with one. */
  readonly hasFailed: boolean;
  /** Of a stream: no more than that arrived, if each of its events is of one completion. */
  readonly deliveredTokens: number;
  /** Of a stream; each may have a token that is not text for every completion. */
  readonly events: number;
  /** A stream grows as it is generated; any other answer begins once all of it is generated. */
  readonly generated: 'as delivered' | 'all';
}

const STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json';

/** A meter for an answer of Mistral's API; `undefined` for a content type that the API never sends. */
export function meterFor(contentType = JSON_TYPE): AnswerMeter | undefined {
  if (contentType.startsWith(STREAM)) return new AnswerMeter(true);
  return contentType.startsWith(JSON_TYPE) ? new AnswerMeter(false) : undefined;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** The first letters of a stream's fields: `data` and `event`; all others are skipped. */
const DATA = 0x64;
const EVENT = 0x65;

/** Shorter lines have no delta: `data: [DONE]`, for example. */
const SHORTEST_EVENT = 20;
/** Longer names of events do not matter, and are not kept. */
const LONGEST_EVENT_LINE = 64;

/** Measures one answer as it passes. */
export class AnswerMeter {
  readonly #scanner = new UsageScanner();
  /** Of all events that have ended, and the text they had. */
  #tokens = 0;
  #events = 0;
  #countedBytes = 0;
  #lineBytes = 0;
  #lineKind = 0;
  #event = '';

  constructor(readonly isStream: boolean) {}

  see(chunk: Buffer): void {
    if (this.isStream) this.#seeLines(chunk);
    else this.#scanner.scan(chunk);
  }

  /** The answer up to now. */
  get answer(): MeteredAnswer {
    return {
      usage: this.#scanner.usage,
      hasFailed: this.#scanner.hasFailed,
      deliveredTokens: this.isStream ? this.#tokens + this.#uncountedBytes : 0,
      events: this.#events,
      generated: this.isStream ? 'as delivered' : 'all',
    };
  }

  #seeLines(chunk: Buffer): void {
    let from = 0;
    // Inside JSON a newline is escaped: a bare one ends a line of the stream.
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#seePart(chunk, from, end);
      this.#endLine();
      from = end + 1;
    }
    if (from < chunk.length) this.#seePart(chunk, from, chunk.length);
  }

  #seePart(chunk: Buffer, from: number, to: number): void {
    if (this.#lineBytes === 0) this.#lineKind = chunk[from] ?? 0;
    const value = from + Math.max(0, 'data:'.length - this.#lineBytes);
    this.#lineBytes += to - from;
    if (this.#lineKind === DATA) this.#scanner.scan(chunk, Math.min(value, to), to);
    else if (this.#lineKind === EVENT && this.#event.length < LONGEST_EVENT_LINE) {
      this.#event += chunk.toString('latin1', from, Math.min(to, from + LONGEST_EVENT_LINE));
    }
  }

  #endLine(): void {
    const bytes = this.#lineBytes;
    this.#lineBytes = 0;
    if (bytes === 0 || this.#lineKind === RETURN) {
      this.#scanner.reset(); // the data of one event may be spread over lines
      return;
    }
    if (this.#lineKind === EVENT) {
      const name = this.#event.slice(this.#event.indexOf(':') + 1).trim();
      if (name === 'error') this.#scanner.hasFailed = true;
      else this.#scanner.expectEvents();
      this.#event = '';
    } else if (this.#lineKind === DATA && !this.#scanner.hasFailed) this.#endEvent(bytes);
  }

  /** A token has at least one byte of text, in any script, or is one that is not text. */
  #endEvent(bytes: number): void {
    if (bytes < SHORTEST_EVENT) return;
    this.#tokens += Math.max(1, this.#uncountedBytes);
    this.#events += 1;
    this.#countedBytes = this.#scanner.textBytes;
  }

  get #uncountedBytes(): number {
    return this.#scanner.textBytes - this.#countedBytes;
  }
}
