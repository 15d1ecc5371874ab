import { parseJson } from '../platform/json.js';
import { CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST, QUOTE, SPACE } from './json-bytes.js';
import {
  closingQuote,
  excessOfEscapes,
  hasEscapedZero,
  hasManyEscapes,
  MAX_ESCAPES,
  MAX_SHORT,
  skipBlanks,
} from './json-strings.js';

/** A member of the outermost object, by its places in the text. */
export interface Member {
  readonly name: string;
  /** Of the quote before its name. */
  readonly start: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly end: number;
  /** Members of all objects within its value. */
  readonly innerMembers: number;
}

/** Where the parts of a JSON text are, found in one pass and without trusting that it is valid. */
export interface Outline {
  readonly members: readonly Member[];
  /** White space between values. */
  readonly blanks: number;
  /** Whether any character is written as `\u` and its number. */
  readonly hasEscapes: boolean;
  /** What it has too much of to be parsed in a short time; places are not known then. */
  readonly excess: string | undefined;
  /** The text with a placeholder for each long string, which would take most of the time to parse. */
  readonly skeleton: string;
  /** Whether strings that look like placeholders are some: no text with `\u0000` is shortened. */
  readonly isShortened: boolean;
}

/** Deeper than any schema of a tool, and shallow enough for every parser. */
const MAX_DEPTH = 128;
/** More than any prompt has, and few enough for a parser to be done within some 30 ms. */
const MAX_VALUES = 40_000;
const MAX_FIELDS = 1000;
/** Longer than anything that is checked by its value. */
const LONG_STRING = 4096;
/** Before the length of a long string, without the excess of its escapes. */
const PLACEHOLDER = '\0';

/**
 * Of text that is not valid JSON, places mean nothing.
 *
 * @param text one character for each byte, so that places in it are places in the body
 */
export function outlineOf(text: string): Outline {
  const isLarge = text.length > MAX_SHORT;
  if (isLarge && hasManyEscapes(text)) return excessive(TOO_MANY_ESCAPES);
  const hasEscapes = text.includes('\\u');
  // Else a client could write placeholders of its own.
  const mayShorten = !hasEscapes || !hasEscapedZero(text, isLarge);
  const members: Member[] = [];
  let skeleton = '';
  let copiedTo = 0;
  let blanks = 0;
  let depth = 0;
  let values = 0;
  let colons = 0;
  let colonsBefore = 0;
  let start = -1;
  let nameEnd = -1;
  let valueStart = -1;
  let limit = Math.min(text.length, MAX_SHORT);

  for (let at = 0; at < limit; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = closingQuote(text, at);
      if (depth === 1 && start < 0) {
        start = at;
        nameEnd = end + 1;
      }
      if (
        end - at > LONG_STRING &&
        mayShorten &&
        text.charCodeAt(skipBlanks(text, end + 1, limit + end - at)) !== COLON
      ) {
        limit = Math.min(text.length, limit + end - at);
        const length = end - at - 1 - (hasEscapes ? excessOfEscapes(text, at, end) : 0);
        skeleton += `${text.slice(copiedTo, at)}"\\u0000${length}"`;
        copiedTo = end + 1;
      }
      at = end;
    } else if (code === COLON) {
      values += 1;
      colons += 1;
      if (depth === 1 && valueStart < 0) {
        valueStart = skipBlanks(text, at + 1, limit);
        colonsBefore = colons;
      }
    } else if (code === OPEN || code === OPEN_LIST) {
      values += 1;
      depth += 1;
      if (depth > MAX_DEPTH) return excessive(TOO_DEEP);
    } else if (code === COMMA || code === CLOSE || code === CLOSE_LIST) {
      if (depth === 1 && valueStart >= 0) {
        const name = nameOf(text, start, nameEnd);
        const end = skipBlanksBackwards(text, at);
        const innerMembers = colons - colonsBefore;
        members.push({ name, start, nameEnd, valueStart, end, innerMembers });
        if (members.length > MAX_FIELDS) return excessive(TOO_MANY_FIELDS);
        start = -1;
        valueStart = -1;
      }
      if (code !== COMMA) depth -= 1;
      else values += 1;
      if (values > MAX_VALUES) return excessive(TOO_MANY_VALUES);
    } else if (code <= SPACE) blanks += 1;
  }
  if (limit < text.length) return excessive(TOO_MUCH_SHORT);
  skeleton += text.slice(copiedTo);
  if (values > MAX_VALUES) return excessive(TOO_MANY_VALUES);
  const isShortened = copiedTo > 0;
  return { members, blanks, hasEscapes, excess: undefined, skeleton, isShortened };
}

function excessive(excess: string): Outline {
  return { ...NOTHING, excess };
}

const NOTHING = { members: [], blanks: 0, hasEscapes: false, skeleton: '', isShortened: false };
const TOO_DEEP = `is nested too deeply: at most ${MAX_DEPTH} levels are allowed`;
const TOO_MANY_FIELDS = `has too many fields: at most ${MAX_FIELDS} are allowed`;
const TOO_MANY_VALUES = `has too many values: at most ${MAX_VALUES} fields and items are allowed in all of it`;
const TOO_MUCH_SHORT = `has too much beside its long texts: at most ${MAX_SHORT} bytes of it may be other than strings of more than ${LONG_STRING}`;
const TOO_MANY_ESCAPES = `has too many escapes for its length: a body of more than ${MAX_SHORT} bytes may have ${MAX_ESCAPES}`;
/** How many bytes the string had that a placeholder stands for, without the excess of its escapes. */
export function shortenedLength(value: string): number | undefined {
  return value.startsWith(PLACEHOLDER) ? Number(value.slice(PLACEHOLDER.length)) : undefined;
}

function skipBlanksBackwards(text: string, end: number): number {
  let at = end;
  while (text.charCodeAt(at - 1) <= SPACE) at -= 1;
  return at;
}

export function nameOf(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end - 1);
  if (PLAIN_NAME.test(name)) return name;
  return String(parseJson(decoded(text.slice(start, end))));
}

/** Of bytes that were taken for a character each. */
export function decoded(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

const PLAIN_NAME = /^[ -[\]-~]*$/;

/** What a value has of members that are distinct, at any depth: fewer than its text where names repeat. */
export function countMembers(value: unknown): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) {
      const item: unknown = value[at];
      if (typeof item === 'object' && item !== null) count += countMembers(item);
    }
  } else if (typeof value === 'object' && value !== null) {
    const members = value as Readonly<Record<string, unknown>>;
    for (const name in members) {
      const member = members[name];
      count += typeof member === 'object' && member !== null ? 1 + countMembers(member) : 1;
    }
  }
  return count;
}
