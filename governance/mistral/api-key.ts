import * as z from 'zod';

/** White space and what is invisible: what pasting leaves around a key, such as NBSP, BOM and U+200B. */
const MARGIN = /[\p{White_Space}\p{Cf}]/u;
// What RFC 6750 allows in a bearer token; no JSON, no sentence and no HTML passes.
const TOKEN = /^[\w.~+/-]{1,512}={0,2}$/;

/** A pasted text without what pasting leaves around it. */
export function withoutMargins(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && MARGIN.test(text.charAt(start))) start += 1;
  while (end > start && MARGIN.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/**
 * A plaintext Mistral key in memory, without margins, as any header may carry it. Only `reveal()` returns
 * it: printed, inspected or serialized it shows nothing of the key, not even its last characters.
 */
export class ApiKey {
  readonly #plaintext: string;

  /** @throws TypeError for what `ApiKeySchema` rejects, quoting nothing of it */
  constructor(text: string) {
    const plaintext = withoutMargins(text);
    if (!TOKEN.test(plaintext)) throw new TypeError('not a key that a header can carry');
    this.#plaintext = plaintext;
  }

  reveal(): string {
    return this.#plaintext;
  }

  toString(): string {
    return '[api key]';
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The one place that decides what a key is, wherever one is supplied or read. */
export const ApiKeySchema = z
  .string()
  .refine((text) => TOKEN.test(withoutMargins(text)), 'is not a key that a header can carry')
  .transform((text) => new ApiKey(text));
