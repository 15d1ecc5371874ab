import { oneLine } from '../platform/quoting.js';
import type { ApiKey } from './api-key.js';

/** A piece this long gives too much of a key away. */
const PIECE = 8;

/** What stands for a text that has the key in it in another form than plain. */
export const WITHHELD = '[withheld: it quotes the API key]';

/** The text without the key and without any piece of it, in upper or lower case. */
export function redactPieces(text: string, apiKey: ApiKey): string {
  const plaintext = apiKey.reveal().toLowerCase();
  const width = Math.min(PIECE, plaintext.length);
  let redacted = '';
  let at = 0;
  while (at < text.length) {
    let end = at;
    while (plaintext.includes(text.slice(at, end + width).toLowerCase())) {
      if (end + width > text.length) break;
      end += 1;
    }
    if (end === at) {
      redacted += text[at];
      at += 1;
    } else {
      redacted += apiKey.toString();
      at = end + width - 1;
    }
  }
  return redacted;
}

/**
 * A text of others that may echo a request: without the key, and withheld as a whole where the key
 * stands in it escaped, encoded or spelled out.
 */
export function redactKey(text: string, apiKey: ApiKey): string {
  const redacted = redactPieces(text, apiKey);
  return quotesKey(redacted, apiKey) ? WITHHELD : redacted;
}

/** Whether a text has the key or a piece of it in any form that servers write a request in. */
export function quotesKey(text: string, apiKey: ApiKey): boolean {
  const plaintext = apiKey.reveal().toLowerCase();
  const letters = lettersOf(plaintext);
  const pieces = piecesOf(plaintext);
  const spelled = letters.length < PIECE ? [] : piecesOf(letters);
  const shown = oneLine(text);
  const plain = unescaped(shown);
  const decoded = [...encodedIn(shown), ...encodedIn(plain)].map(unescaped);
  return [shown, plain, ...decoded].some((reading) => {
    const lower = reading.toLowerCase();
    const read = lettersOf(lower);
    return pieces.some((one) => lower.includes(one)) || spelled.some((one) => read.includes(one));
  });
}

function piecesOf(plaintext: string): string[] {
  const width = Math.min(PIECE, plaintext.length);
  return Array.from({ length: plaintext.length - width + 1 }, (_, at) =>
    plaintext.slice(at, at + width),
  );
}

/** What remains where blanks, marks or the zeros of UTF-16 stand between the characters. */
function lettersOf(text: string): string {
  return text.replaceAll(/[^a-z0-9]+/g, '');
}

const MOST_LAYERS = 4;

/** Without the escapes of JSON, scripts, URLs and pages, also of one in another. */
function unescaped(text: string): string {
  let plain = text;
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const before = plain;
    plain = before
      .replaceAll(/(?<!\\)\\+(?:u\{?|x)([\da-f]{2,6})\}?/gi, (_, code) => characterOf(code, 16))
      .replaceAll(/%(?:u00)?([\da-f]{2})/gi, (_, code) => characterOf(code, 16))
      .replaceAll(/&#x([\da-f]{1,6});?/gi, (_, code) => characterOf(code, 16))
      .replaceAll(/&#(\d{1,7});?/g, (_, code) => characterOf(code, 10))
      .replaceAll('&amp;', '&');
    if (plain === before) break;
  }
  return plain;
}

function characterOf(code: string, radix: number): string {
  const point = Number.parseInt(code, radix);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '';
}

/** What base64, hexadecimal digits and lists of bytes stand for, wherever they begin. */
function* encodedIn(text: string): Generator<string> {
  for (const [run] of text.matchAll(/[\w+/-]{10,}/g)) {
    for (let start = 0; start < 4; start += 1) {
      yield Buffer.from(run.slice(start), 'base64').toString('latin1');
    }
  }
  for (const [run] of text.matchAll(/(?:[\da-f]{2}[\s:,-]*){8,}/gi)) {
    const digits = run.replaceAll(/[^\da-f]/gi, '');
    for (const start of [0, 1]) yield Buffer.from(digits.slice(start), 'hex').toString('latin1');
  }
  for (const [run] of text.matchAll(/\d{1,3}(?:[\s,]+\d{1,3}){7,}/g)) {
    yield Buffer.from(run.split(/[\s,]+/).map(Number)).toString('latin1');
  }
}
