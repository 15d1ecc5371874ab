import { isObject, parseJson } from '../platform/json.js';

/** `usage` or `usage_info` as Mistral sent it. */
export type ReportedUsage = Readonly<Record<string, unknown>>;

const KEY = Buffer.from('"usage');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const MAX_BYTES = 4096;
const OPENING = /^"usage(?:_info)?"\s*:\s*\{/;
/** What may become that, once more of the answer is there. */
const INCOMPLETE = /^"usage(?:_|_i|_in|_inf|_info)?(?:"\s*(?::\s*)?)?$/;
const NOTHING = Buffer.alloc(0);

/**
 * Finds `usage` or `usage_info` in an answer as it passes, JSON or SSE, however it is cut into
 * chunks, and keeps nothing else of it. Text that a model wrote cannot be mistaken for it: inside a
 * JSON string every quote has a backslash. If there are several, the largest counts.
 */
export class UsageScanner {
  usage: ReportedUsage | undefined;
  #weight = -1;
  /** The end of the last chunk, where a usage may have begun. */
  #rest: Buffer = NOTHING;

  scan(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    let end: number | undefined = 0;
    for (let at = bytes.indexOf(KEY); at >= 0; at = bytes.indexOf(KEY, at + (end || KEY.length))) {
      end = 0;
      if (bytes[at - 1] === BACKSLASH) continue; // a model's text: cheap to skip, however often
      const text = bytes.toString('latin1', at, at + MAX_BYTES);
      end = endOfUsage(text);
      if (end === undefined && text.length < MAX_BYTES) {
        this.#rest = bytes.subarray(at);
        return;
      }
      if (end) this.#consider(text.slice(text.indexOf('{'), end));
    }
    this.#keepStartOfKey(bytes);
  }

  #keepStartOfKey(bytes: Buffer): void {
    // Only the last quote can start the key, which has no other.
    const start = bytes.lastIndexOf(QUOTE);
    const length = bytes.length - start;
    if (start < 0 || length >= KEY.length) return;
    if (KEY.compare(bytes, start, bytes.length, 0, length) === 0)
      this.#rest = bytes.subarray(start);
  }

  #consider(text: string): void {
    const usage = parseJson(text);
    if (!isObject(usage)) return;
    const weight = weightOf(usage);
    if (weight < this.#weight || weight < 0) return;
    this.#weight = weight;
    this.usage = usage;
  }
}

/** Where a usage at the start of a text ends: 0 for none, `undefined` if the text is too short. */
function endOfUsage(text: string): number | undefined {
  if (!OPENING.test(text)) return INCOMPLETE.test(text) ? undefined : 0;
  let depth = 0;
  let isInString = false;
  for (let at = text.indexOf('{'); at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) at += code === BACKSLASH ? 1 : 0;
    else if (code === OPEN) depth += 1;
    else if (code === CLOSE) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
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
