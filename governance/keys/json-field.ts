/** The text of a JSON value inside a document, by its place. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A field of a JSON object whose value is a string. */
export type JsonField =
  | (Span & { readonly kind: 'found'; readonly value: string })
  | { readonly kind: 'not found'; readonly reason: string };

/**
 * Finds the string that a field of a JSON object has, without reading the rest: numbers beyond 2^53, fields that are
 * there twice and white space stay what they are in a text of which only this string is replaced.
 */
export function findField(text: string, name: string): JsonField {
  if (!isJsonObject(text)) return { kind: 'not found', reason: 'it is not a JSON object' };
  const spans = valuesOf(text, name);
  const [only] = spans;
  const field = JSON.stringify(name);
  if (!only) return { kind: 'not found', reason: `it has no field ${field}` };
  if (spans.length > 1) {
    return { kind: 'not found', reason: `it has field ${field} ${spans.length} times` };
  }
  const value: unknown = JSON.parse(text.slice(only.start, only.end));
  return typeof value === 'string'
    ? { kind: 'found', value, ...only }
    : { kind: 'not found', reason: `its field ${field} is not a string` };
}

/** The document with another string in that place, and no other byte changed. */
export function replaceAt(text: string, { start, end }: Span, value: string): string {
  return text.slice(0, start) + JSON.stringify(value) + text.slice(end);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Of a text that is a valid JSON object: where the values of a field of the object itself are. */
function valuesOf(text: string, name: string): readonly Span[] {
  const found: Span[] = [];
  let depth = 0;
  let isName = false;
  let start: number | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && isName) {
        const isWanted = JSON.parse(text.slice(at, end)) === name;
        isName = false;
        at = text.indexOf(':', end);
        start = isWanted ? at + 1 : undefined;
      } else {
        at = end - 1;
      }
    } else if (char === '{' || char === '[') {
      depth += 1;
      if (depth === 1) isName = true;
    } else if (char === '}' || char === ']' || char === ',') {
      if (depth === 1) {
        if (start !== undefined) found.push(trimmed(text, start, at));
        start = undefined;
        isName = true;
      }
      if (char !== ',') depth -= 1;
    }
  }
  return found;
}

/** Where a string literal ends that begins at its quote. */
function endOfString(text: string, quote: number): number {
  let at = quote + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function trimmed(text: string, from: number, to: number): Span {
  const part = text.slice(from, to);
  const start = from + (part.length - part.trimStart().length);
  return { start, end: start + part.trim().length };
}
