const NEWLINE = 0x0a;
const BYTES_PER_TOKEN = 4;

/**
 * How many tokens of a stream a caller got, for a stream that ends before Mistral tells. An event
 * carries one token, now and then more: so it is the events, or a quarter of the bytes that an
 * event has beyond the shortest one (the envelope around an empty delta), whichever is more.
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

  /** Lines shorter than this are no event with a delta: blank ones, and `data: [DONE]`. */
  #endOfLine(bytes: number): void {
    if (bytes < 20) return;
    this.#events += 1;
    this.#bytes += bytes;
    if (bytes < this.#envelope) this.#envelope = bytes;
  }
}
