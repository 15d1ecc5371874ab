import { type ReportedUsage, UsageScanner } from './usage-scanner.js';

/** What is known about an answer that ended early. */
export interface PartialAnswer {
  readonly usage: ReportedUsage | undefined;
  readonly deliveredTokens: number;
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

/** Measures one answer as it passes. */
export class AnswerMeter {
  readonly #scanner = new UsageScanner();
  readonly #text: DeliveredText | undefined;

  constructor(readonly isStream: boolean) {
    if (isStream) this.#text = new DeliveredText();
  }

  see(chunk: Buffer): void {
    this.#scanner.scan(chunk);
    this.#text?.see(chunk);
  }

  get usage(): ReportedUsage | undefined {
    return this.#scanner.usage;
  }

  /** The answer up to now, if it ends here. */
  get partial(): PartialAnswer {
    return {
      usage: this.#scanner.usage,
      deliveredTokens: this.#text?.tokens ?? 0,
      generated: this.isStream ? 'as delivered' : 'all',
    };
  }
}

const NEWLINE = 0x0a;
const BYTES_PER_TOKEN = 4;

/**
 * How many tokens of a stream its caller received, for a stream that ends before Mistral reports
 * them. An event carries one token, sometimes more: so it is the number of events, or a quarter of
 * the bytes that events have beyond the shortest one (the envelope around an empty delta),
 * whichever is more.
 */
export class DeliveredText {
  #events = 0;
  #bytes = 0;
  #envelope = Number.POSITIVE_INFINITY;
  #eventBytes = 0;

  see(chunk: Buffer): void {
    let from = 0;
    // Inside JSON a newline is escaped: a bare one ends a line of the stream.
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#endOfLine(this.#eventBytes + end - from);
      this.#eventBytes = 0;
      from = end + 1;
    }
    this.#eventBytes += chunk.length - from;
  }

  get tokens(): number {
    if (this.#events === 0) return 0;
    const text = this.#bytes - this.#events * this.#envelope;
    return Math.max(this.#events, Math.ceil(text / BYTES_PER_TOKEN));
  }

  /** Shorter lines are not events with a delta: blank ones, and `data: [DONE]`. */
  #endOfLine(bytes: number): void {
    if (bytes < 20) return;
    this.#events += 1;
    this.#bytes += bytes;
    if (bytes < this.#envelope) this.#envelope = bytes;
  }
}
