import { BACKSLASH, QUOTE, SPACE } from './json-bytes.js';

/** Of a text, beside its long strings: each character of that is looked at, a million in some 10 ms. */
export const MAX_SHORT = 4_194_304;
/** Of a longer text: each ends a native search. */
export const MAX_ESCAPES = 100_000;

const LETTER_U = 0x75;

const ESCAPED_ZERO = /\\u0{4}/;

export function hasManyEscapes(text: string): boolean {
  let at = text.indexOf('\\');
  for (let count = 1; at >= 0; count += 1) {
    if (count > MAX_ESCAPES) return true;
    at = text.indexOf('\\', at + 2);
  }
  return false;
}

/** `includes` is slow where all of a text is backslashes, and else much faster. */
export function hasEscapedZero(text: string, hasFewEscapes: boolean): boolean {
  return hasFewEscapes ? text.includes('\\u0000') : ESCAPED_ZERO.test(text);
}

/** Native search, since most of a body is inside of strings; by the character where most are escapes. */
export function closingQuote(text: string, openingQuote: number): number {
  const most = text.length > MAX_SHORT ? MAX_ESCAPES : MANY_ESCAPED_QUOTES;
  let end = text.indexOf('"', openingQuote + 1);
  for (let escaped = 0; end >= 0 && escaped < most; escaped += 1) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
    end = text.indexOf('"', end + 1);
  }
  if (end < 0) return text.length;
  // Here is a quote whose backslashes were not counted yet.
  let at = end;
  while (text.charCodeAt(at - 1) === BACKSLASH) at -= 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

const MANY_ESCAPED_QUOTES = 1000;

export function skipBlanks(text: string, from: number, to = text.length): number {
  let at = from;
  while (at < to && text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

/** In a row: then a native search for the next escape is faster. */
const MANY_PLAIN = 64;

/** By how much the escapes of a JSON text at least exceed what they stand for, in bytes of UTF-8. */
export function excessOfEscapes(text: string, from = 0, to = text.length): number {
  let count = 0;
  let plain = 0;
  for (let at = from; at < to; at += 1) {
    if (text.charCodeAt(at) !== BACKSLASH) {
      plain += 1;
      if (plain < MANY_PLAIN) continue;
      const next = text.indexOf('\\', at);
      if (next < 0 || next >= to) break;
      at = next;
    }
    plain = 0;
    at += 1;
    if (text.charCodeAt(at) === LETTER_U) count += 1;
  }
  return 3 * count; // six bytes each, for three at most
}
