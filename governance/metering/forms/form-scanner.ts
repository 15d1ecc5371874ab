import { type Problem, problem } from '../problem.js';
import { type PartHead, partHead } from './part-head.js';

/** What reads the parts of a form as they come. Each may end it, with what is wrong. */
export interface FormReceiver {
  part(head: PartHead): Problem | undefined;
  /** Of the part that began last; the bytes are those of the chunk, not a copy. */
  data(bytes: Buffer): Problem | undefined;
  partEnd(): Problem | undefined;
}

const MOST_HEAD_BYTES = 4096;
export const MOST_PARTS = 256;
const CR = 0x0d;

type Place = 'content' | 'after a boundary' | 'head' | 'end';

/**
 * Finds the parts of a form, however they are cut into chunks, and keeps nothing of their contents. It
 * reads only what every reader understands in the same way, and says of all else what is wrong.
 */
export class FormScanner {
  readonly #delimiter: Buffer;
  /** The bytes before the first boundary are content of no part; its line break may be missing. */
  #place: Place = 'content';
  #parts = 0;
  /** So much of a delimiter is at the end of what was read. */
  #matched = 2;
  /** Of a head, or of the two bytes after a boundary. */
  #text = '';
  #problem: Problem | undefined;

  constructor(
    boundary: string,
    private readonly receiver: FormReceiver,
  ) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  write(chunk: Buffer): Problem | undefined {
    for (let at = 0; at < chunk.length && !this.#problem; ) {
      at = this.#place === 'content' ? this.#content(chunk, at) : this.#line(chunk, at);
    }
    return this.#problem;
  }

  /** There is no more. */
  end(): Problem | undefined {
    if (this.#place !== 'end') this.#problem ??= invalid('ends before its final boundary');
    return this.#problem;
  }

  #content(chunk: Buffer, from: number): number {
    const delimiter = this.#delimiter;
    let at = from;
    if (this.#matched > 0) {
      while (at < chunk.length && this.#matched < delimiter.length) {
        if (chunk[at] !== delimiter[this.#matched]) break;
        at += 1;
        this.#matched += 1;
      }
      if (this.#matched === delimiter.length) return this.#boundary(at);
      if (at === chunk.length) return at;
      // A delimiter has one line break, at its start: what began as one holds no other.
      this.#data(delimiter.subarray(0, this.#matched));
      this.#matched = 0;
    }
    const found = chunk.indexOf(delimiter, at);
    if (found >= 0) {
      this.#data(chunk.subarray(at, found));
      return this.#boundary(found + delimiter.length);
    }
    const end = this.#beginOfDelimiter(chunk, at);
    this.#matched = chunk.length - end;
    this.#data(chunk.subarray(at, end));
    return chunk.length;
  }

  #beginOfDelimiter(chunk: Buffer, from: number): number {
    const delimiter = this.#delimiter;
    let at = chunk.indexOf(CR, Math.max(from, chunk.length - delimiter.length + 1));
    while (at >= 0) {
      if (delimiter.compare(chunk, at, chunk.length, 0, chunk.length - at) === 0) return at;
      at = chunk.indexOf(CR, at + 1);
    }
    return chunk.length;
  }

  #data(bytes: Buffer): void {
    if (bytes.length === 0 || this.#problem) return;
    if (this.#parts === 0)
      this.#problem = invalid('does not begin with the boundary of its Content-Type');
    else this.#problem = this.receiver.data(bytes);
  }

  #boundary(next: number): number {
    this.#matched = 0;
    this.#text = '';
    this.#place = 'after a boundary';
    if (this.#parts > 0) this.#problem ??= this.receiver.partEnd();
    return next;
  }

  #line(chunk: Buffer, from: number): number {
    const before = this.#text.length;
    const most = this.#place === 'head' ? MOST_HEAD_BYTES : 2;
    const text =
      this.#text + chunk.toString('latin1', from, Math.min(chunk.length, from + most - before));
    this.#text = text;
    const readTo = from + text.length - before;
    if (this.#place === 'head') return this.#head(from - before, readTo);
    if (this.#place === 'end') {
      if (readTo < chunk.length || !'\r\n'.startsWith(text)) {
        this.#problem = invalid('goes on after its final boundary');
      }
      return readTo;
    }
    if (text.length < 2) return readTo;
    this.#text = '';
    if (text === '--') {
      if (this.#parts === 0) this.#problem = invalid('has no parts');
      this.#place = 'end';
    } else if (text === '\r\n') {
      this.#parts += 1;
      this.#place = 'head';
      if (this.#parts > MOST_PARTS) {
        this.#problem = invalid(`has too many parts: at most ${MOST_PARTS} are allowed`);
      }
    } else
      this.#problem = invalid('has a boundary that goes on with something else than a line break');
    return readTo;
  }

  /** @param start of the head, as if all of it were in this chunk */
  #head(start: number, readTo: number): number {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#text.length >= MOST_HEAD_BYTES) {
        this.#problem = invalid(`has a part with more than ${MOST_HEAD_BYTES} bytes of headers`);
      }
      return readTo;
    }
    const head = partHead(this.#text.slice(0, end));
    this.#text = '';
    this.#place = 'content';
    if ('kind' in head) this.#problem = head;
    else this.#problem = this.receiver.part(head);
    return start + end + 4;
  }
}

function invalid(what: string): Problem {
  return problem('invalid_request', `the form ${what}`);
}
