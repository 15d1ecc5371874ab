/** `usage` or `usage_info` as Mistral sent it. */
export type ReportedUsage = Readonly<Record<string, unknown>>;

const KEY = Buffer.from('"usage');
const MAX_OBJECT_BYTES = 4096;

const SEARCHING = 0;
const IN_KEY = 1; // the first bytes of the key ended the last chunk
const IN_SUFFIX = 2; // `"` or `_info"`
const BEFORE_COLON = 3;
const BEFORE_OBJECT = 4;
const IN_OBJECT = 5;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Finds `usage` or `usage_info` in an answer as it passes, JSON or SSE, however it is cut into
 * chunks, and keeps nothing else of it. Text that a model wrote cannot be mistaken for it: inside a
 * JSON string every quote has a backslash. If there are several, the largest counts.
 */
export class UsageScanner {
  usage: ReportedUsage | undefined;
  #weight = -1;
  #phase = SEARCHING;
  #matched = 0;
  #suffix = '';
  #captured = '';
  #depth = 0;
  #inString = false;
  #escaped = false;

  scan(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#phase === SEARCHING) {
        const found = chunk.indexOf(KEY, at);
        if (found < 0) {
          this.#keepStartOfKey(chunk, at);
          return;
        }
        this.#phase = IN_SUFFIX;
        at = found + KEY.length;
      } else if (this.#phase === IN_OBJECT) at = this.#object(chunk, at);
      else at = this.#towardsObject(chunk, at);
    }
  }

  #keepStartOfKey(chunk: Buffer, from: number): void {
    const earliest = Math.max(from, chunk.length - KEY.length + 1);
    const start = chunk.indexOf(QUOTE, earliest);
    // Only the last quote can start the key: none of its other bytes is one.
    for (let quote = start; quote >= 0; quote = chunk.indexOf(QUOTE, quote + 1)) {
      const length = chunk.length - quote;
      if (KEY.compare(chunk, quote, chunk.length, 0, length) === 0) {
        this.#phase = IN_KEY;
        this.#matched = length;
      }
    }
  }

  /** One byte towards `"usage": {`; a byte that leads elsewhere is read again as a new start. */
  #towardsObject(chunk: Buffer, at: number): number {
    const byte = chunk[at];
    switch (this.#phase) {
      case IN_KEY:
        if (byte !== KEY[this.#matched]) return this.#startOver(at);
        this.#matched += 1;
        if (this.#matched === KEY.length) this.#phase = IN_SUFFIX;
        return at + 1;
      case IN_SUFFIX:
        if (byte !== QUOTE) {
          this.#suffix += String.fromCharCode(byte ?? 0);
          return '_info'.startsWith(this.#suffix) ? at + 1 : this.#startOver(at);
        }
        if (this.#suffix !== '' && this.#suffix !== '_info') return this.#startOver(at);
        this.#phase = BEFORE_COLON;
        return at + 1;
      case BEFORE_COLON:
        if (byte === COLON) this.#phase = BEFORE_OBJECT;
        else if (!isSpace(byte)) return this.#startOver(at);
        return at + 1;
      default:
        if (isSpace(byte)) return at + 1;
        if (byte !== OPEN) return this.#startOver(at); // null, most of the time
        this.#phase = IN_OBJECT;
        return at;
    }
  }

  #object(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = this.#inString;
      else if (byte === QUOTE) this.#inString = !this.#inString;
      else if (this.#inString) continue;
      else if (byte === OPEN) this.#depth += 1;
      else if (byte === CLOSE) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        this.#consider(this.#captured + chunk.toString('latin1', from, at + 1));
        return this.#startOver(at + 1);
      }
    }
    this.#captured += chunk.toString('latin1', from);
    if (this.#captured.length > MAX_OBJECT_BYTES) this.#startOver(chunk.length);
    return chunk.length;
  }

  #startOver(at: number): number {
    this.#phase = SEARCHING;
    this.#matched = 0;
    this.#suffix = '';
    this.#captured = '';
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    return at;
  }

  #consider(text: string): void {
    if (text.length > MAX_OBJECT_BYTES) return;
    const usage = parseObject(text);
    const weight = usage ? weightOf(usage) : -1;
    if (weight < this.#weight || weight < 0) return;
    this.#weight = weight;
    this.usage = usage;
  }
}

/** How much a usage reports; negative for an object that reports no counts. */
function weightOf(usage: ReportedUsage): number {
  const counts = [usage.total_tokens, usage.pages_processed];
  const parts = [usage.prompt_tokens, usage.completion_tokens].filter(isCount);
  const all = [...counts.filter(isCount), parts.reduce((sum, part) => sum + part, 0)];
  return all.length === 1 && parts.length === 0 ? -1 : Math.max(...all);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function parseObject(text: string): ReportedUsage | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
