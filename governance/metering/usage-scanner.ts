import { isObject, parseJson } from '../platform/json.js';
import { weightOf } from '../prices/usage-fields.js';
import { type MemberKind, memberNamed } from './answer-members.js';
import {
  BACKSLASH,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  endOfShortString,
  isBracket,
  LONG_STRING,
  OPEN,
  OPEN_LIST,
  QUOTE,
  skipNumbers,
} from './json-bytes.js';

/** `usage` or `usage_info` as Mistral sent it. */
export type ReportedUsage = Readonly<Record<string, unknown>>;

/** How deep the text of a model stands: in a delta, or a message, of a choice. */
const TEXT_DEPTH = 4;
/** In an event of a conversation, parts of a text stand below its `content`. */
const EVENT_TEXT_DEPTH = 2;
/** More than any usage has. */
const MOST_BYTES = 4096;
const NOTHING: readonly Buffer[] = [];

/**
 * Reads what an answer reports about itself at the top of its JSON documents, however they are cut
 * into chunks, and keeps nothing else of them. What is nested, such as the arguments of a tool, is
 * the text of a model.
 */
export class UsageScanner {
  /** Of several, the one that counts most. */
  usage: ReportedUsage | undefined;
  /** Mistral answered with an error, with any status. */
  hasFailed = false;
  #weight = -1;
  #textDepth = TEXT_DEPTH;
  /** Of all text of the model whose end was seen. */
  #textBytes = 0;
  /** Of the last string in there, until it turns out to be a value. */
  #stringBytes = 0;

  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasEscapes = false;
  /** Only an object has members. */
  #hasMembers = false;
  /** The next string at the top is a name. */
  #isName = false;
  #member: MemberKind;
  /** The bytes being kept: a string at the top, or a usage. */
  #keeps: 'string' | 'usage' | undefined;
  #kept: readonly Buffer[] = NOTHING;
  #keptBytes = 0;

  /** All text of the model up to now, as it stands in the JSON: at least one byte for each token. */
  get textBytes(): number {
    const isText = this.#keeps === 'string' && this.#member === 'text' && !this.#isName;
    return this.#textBytes + this.#stringBytes + (isText ? this.#keptBytes : 0);
  }

  /** The documents to come are events of a conversation. */
  expectEvents(): void {
    this.#textDepth = EVENT_TEXT_DEPTH;
  }

  /** The next byte begins another document. */
  reset(): void {
    this.#textBytes += this.#stringBytes;
    this.#stringBytes = 0;
    this.#depth = 0;
    this.#isInString = false;
    this.#isEscaped = false;
    this.#forget();
  }

  scan(bytes: Buffer, from = 0, to = bytes.length): void {
    let depth = this.#depth;
    let start = from; // of what is kept
    let at = from;
    if (depth > 1 && !this.#isInString) at = skipNumbers(bytes, at, to);
    while (at < to) {
      if (this.#isInString) {
        const before = at;
        at = this.#endOfString(bytes, at, to);
        if (depth >= this.#textDepth) this.#stringBytes += at - before - (this.#isInString ? 0 : 1);
        if (this.#isInString) break;
        if (this.#keeps === 'string') this.#takeString(bytes, start, at - 1);
        if (at >= to) break;
      }
      let byte = bytes[at];
      if (this.#stringBytes > 0) {
        if (byte !== COLON) this.#textBytes += this.#stringBytes; // else it was a name
        this.#stringBytes = 0;
      }
      // Below the top, only strings and brackets matter.
      if (depth > 1) {
        while (at < to && !(byte === QUOTE || isBracket(byte as number))) {
          at += 1;
          byte = bytes[at];
        }
      }
      if (at >= to) break;
      at += 1;
      switch (byte) {
        case QUOTE: {
          const end = depth > 1 ? endOfShortString(bytes, at, to) : 0;
          this.#isInString = end === 0;
          if (depth >= this.#textDepth && end > 0) this.#stringBytes = end - at - 1;
          if (end > 0) at = end;
          else if (depth === 1 && this.#hasMembers) {
            this.#keeps = 'string';
            this.#hasEscapes = false;
            start = at;
          }
          break;
        }
        case OPEN:
        case OPEN_LIST:
          depth += 1;
          if (depth === 1) this.#begin(byte === OPEN);
          else if (depth === 2 && this.#member === 'error') this.hasFailed = true;
          else if (depth === 2 && this.#member === 'usage' && byte === OPEN) {
            this.#keeps = 'usage';
            start = at - 1;
          } else if (byte === OPEN_LIST) at = skipNumbers(bytes, at, to);
          break;
        case CLOSE:
        case CLOSE_LIST:
          if (depth > 0) depth -= 1;
          if (depth === 1 && this.#keeps === 'usage') {
            this.#consider(parseJson(this.#take(bytes, start, at)));
          }
          break;
        case COMMA:
          if (depth === 1) this.#begin(this.#hasMembers);
          break;
        case COLON:
          if (depth === 1) this.#isName = false;
      }
    }
    this.#depth = depth;
    if (this.#keeps) this.#keep(bytes, start, to);
  }

  #begin(hasMembers: boolean): void {
    this.#hasMembers = hasMembers;
    this.#isName = hasMembers;
    this.#member = undefined;
  }

  /** Where a string goes on, after its closing quote; or `to`, if it goes on in the next chunk. */
  #endOfString(bytes: Buffer, from: number, to: number): number {
    let at = this.#isEscaped ? from + 1 : from;
    this.#isEscaped = false;
    const near = Math.min(to, at + LONG_STRING);
    while (at < near) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.#isInString = false;
        return at + 1;
      }
      if (byte === BACKSLASH) {
        this.#hasEscapes = true;
        at += 2;
      } else at += 1;
    }
    while (at < to) {
      const quote = bytes.indexOf(QUOTE, at);
      const end = quote < 0 || quote > to ? to : quote;
      let backslashes = 0;
      while (end - backslashes > at && bytes[end - backslashes - 1] === BACKSLASH) backslashes += 1;
      if (backslashes > 0) this.#hasEscapes = true;
      if (backslashes % 2 === 1) at = end + 1;
      else if (end === to) return to;
      else {
        this.#isInString = false;
        return end + 1;
      }
    }
    this.#isEscaped = at > to;
    return to;
  }

  #takeString(bytes: Buffer, start: number, end: number): void {
    if (this.#isName) this.#member = this.#memberAt(bytes, start, end);
    else if (this.#member === 'error') this.hasFailed = true;
    else if (this.#member === 'text') this.#textBytes += this.#keptBytes + end - start;
    else if (this.#member === 'object' && this.#memberAt(bytes, start, end) === 'error') {
      this.hasFailed = true;
    }
    this.#forget();
  }

  /** Without making a string of every name: almost all are others. */
  #memberAt(bytes: Buffer, start: number, end: number): MemberKind {
    const isHere = this.#keptBytes === 0 && !this.#hasEscapes;
    if (isHere) return memberNamed(bytes, start, end);
    const name = parseJson(`"${this.#take(bytes, start, end)}"`);
    const plain = Buffer.from(typeof name === 'string' ? name : '');
    return memberNamed(plain, 0, plain.length);
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    this.#keptBytes += end - start;
    // What is too long for a name or a usage is not kept; its length is.
    const isTooLong = this.#keptBytes > MOST_BYTES;
    this.#kept = isTooLong ? NOTHING : [...this.#kept, Buffer.from(bytes.subarray(start, end))];
  }

  #take(bytes: Buffer, start: number, end: number): string {
    const isTooLong = this.#keptBytes + end - start > MOST_BYTES;
    const before = this.#kept;
    this.#forget();
    if (isTooLong) return '';
    if (before.length === 0) return bytes.toString('utf8', start, end);
    return Buffer.concat([...before, bytes.subarray(start, end)]).toString('utf8');
  }

  #forget(): void {
    this.#keeps = undefined;
    this.#kept = NOTHING;
    this.#keptBytes = 0;
  }

  #consider(usage: unknown): void {
    if (!isObject(usage)) return;
    const weight = weightOf(usage);
    if (weight < this.#weight || weight < 0) return;
    this.#weight = weight;
    this.usage = usage;
  }
}
