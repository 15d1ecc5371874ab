/** The characters that JSON is made of, by their byte. */
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const SPACE = 0x20;
/** From here on, a search for the end of a string beats a loop. */
export const LONG_STRING = 48;
const NUMERIC: ReadonlySet<number> = new Set(Buffer.from('-0123456789'));

/** After its closing quote; 0 for a longer one, or one that goes on in the next chunk. */
export function endOfShortString(bytes: Buffer, from: number, to: number): number {
  const near = Math.min(to, from + LONG_STRING);
  for (let at = from; at < near; at += 1) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) at += 1;
  }
  return 0;
}

export function isBracket(byte: number): boolean {
  return byte === OPEN || byte === CLOSE || byte === OPEN_LIST || byte === CLOSE_LIST;
}

/** The next byte that is not part of a list of numbers: embeddings are long ones. */
export function skipNumbers(bytes: Buffer, from: number, to: number): number {
  if (!NUMERIC.has(bytes[from] ?? 0)) return from;
  let next = to;
  for (const byte of [CLOSE_LIST, QUOTE, OPEN, OPEN_LIST, CLOSE]) {
    const found = bytes.indexOf(byte, from);
    if (found >= 0 && found < next) next = found;
  }
  return next;
}
