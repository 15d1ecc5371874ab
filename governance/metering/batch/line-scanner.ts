const NEWLINE = 0x0a;
const FIRST_BYTES = 64 * 1024;

/** `undefined` for a line that is longer than allowed: no part of it is kept. Numbers count from 1. */
export type OnLine = (line: Buffer | undefined, number: number) => void;

/**
 * Cuts a stream into lines, however it comes in chunks, and holds no more than one of them. A line is
 * valid until the next chunk.
 */
export class LineScanner {
  #held = Buffer.alloc(0);
  #bytes = 0;
  #isTooLong = false;
  #number = 0;

  constructor(
    private readonly mostBytes: number,
    private readonly onLine: OnLine,
  ) {}

  see(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#endLine(chunk, from, end);
      from = end + 1;
    }
    if (from < chunk.length) this.#hold(chunk, from, chunk.length);
  }

  /** What follows the last newline is a line, too, unless it is nothing. */
  end(): void {
    if (this.#bytes > 0 || this.#isTooLong) this.#endLine(NOTHING, 0, 0);
  }

  #endLine(chunk: Buffer, from: number, to: number): void {
    this.#number += 1;
    let line: Buffer | undefined;
    if (this.#bytes === 0 && !this.#isTooLong && to - from <= this.mostBytes) {
      line = chunk.subarray(from, to);
    } else {
      this.#hold(chunk, from, to);
      line = this.#isTooLong ? undefined : this.#held.subarray(0, this.#bytes);
    }
    this.#bytes = 0;
    this.#isTooLong = false;
    this.onLine(line, this.#number);
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    const needed = this.#bytes + to - from;
    if (this.#isTooLong || needed > this.mostBytes) {
      this.#isTooLong = true;
      this.#bytes = 0;
      return;
    }
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length, FIRST_BYTES));
      this.#held.copy(larger, 0, 0, this.#bytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#bytes, from, to);
    this.#bytes = needed;
  }
}

const NOTHING = Buffer.alloc(0);
