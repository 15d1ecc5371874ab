import { CLOSE, CLOSE_LIST, COMMA, OPEN, OPEN_LIST, QUOTE, SPACE } from './json-bytes.js';
import { nameOf } from './json-outline.js';
import { closingQuote, skipBlanks } from './json-strings.js';

/** A part of a text, to be left out. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Where members of objects are in the text of a value that was parsed, each with one of the commas
 * around it.
 */
export function placesOf(
  text: string,
  value: unknown,
  wanted: ReadonlyMap<unknown, ReadonlySet<string>>,
): readonly Place[] {
  const places: Place[] = [];

  /** @returns the place after the value */
  function walk(from: number, within: unknown): number {
    const at = skipBlanks(text, from);
    const code = text.charCodeAt(at);
    if (code === QUOTE) return closingQuote(text, at) + 1;
    if (code === OPEN) return walkMembers(at, within as Record<string, unknown>);
    if (code === OPEN_LIST) return walkItems(at, within as readonly unknown[]);
    let end = at;
    while (!isEndOfScalar(text.charCodeAt(end))) end += 1;
    return end;
  }

  function walkItems(opening: number, items: readonly unknown[]): number {
    let at = skipBlanks(text, opening + 1);
    for (let index = 0; text.charCodeAt(at) !== CLOSE_LIST; index += 1) {
      at = skipBlanks(text, walk(at, items[index]));
      if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1);
    }
    return at + 1;
  }

  function walkMembers(opening: number, members: Readonly<Record<string, unknown>>): number {
    const names = wanted.get(members);
    let commaAt = -1;
    let at = skipBlanks(text, opening + 1);
    while (text.charCodeAt(at) !== CLOSE) {
      const start = at;
      const nameEnd = closingQuote(text, at) + 1;
      const name = nameOf(text, start, nameEnd);
      const end = walk(skipBlanks(text, nameEnd) + 1, members[name]);
      at = skipBlanks(text, end);
      if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1);
      const isWanted = names?.has(name);
      if (isWanted && commaAt < 0) places.push({ start, end: at });
      else {
        if (isWanted) places.push({ start: commaAt, end });
        commaAt = end;
      }
    }
    return at + 1;
  }

  walk(0, value);
  return places;
}

function isEndOfScalar(code: number): boolean {
  return !(code > SPACE) || code === COMMA || code === CLOSE || code === CLOSE_LIST;
}
