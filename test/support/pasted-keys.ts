/** What pasting leaves around a key: each with its name. */
export const MARGINS: readonly (readonly [string, string])[] = [
  ['a newline', '\n'],
  ['the line end of Windows', '\r\n'],
  ['tabs', '\t\t'],
  ['a no-break space', '\u00a0'],
  ['a byte order mark', '\ufeff'],
  ['a zero-width space', '\u200b'],
  ['a word joiner and a direction mark', '\u2060\u200e'],
  ['a line separator and an ideographic space', '\u2028\u3000'],
  ['all sorts', ' \n\u200b\ufeff\u00a0\r\n'],
];

/** What stands in place of a key, or in it, that no header may carry; made of a key. */
export const NO_KEYS: readonly (readonly [string, (key: string) => string])[] = [
  ['nothing', () => ''],
  ['nothing but what is invisible', () => ' \u200b\n'],
  ['a line break within', (key) => `${key}\n${key}`],
  ['a no-break space within', (key) => `${key}\u00a0${key}`],
  ['a zero-width space within', (key) => `${key}\u200b${key}`],
  ['a control character', (key) => `${key}\u0000`],
  ['a letter beyond Latin-1', (key) => `${key}ł`],
  ['a letter of Latin-1', (key) => `é${key}`],
  ['quotes', (key) => `"${key}"`],
  ['an absurd length', (key) => key.repeat(100)],
];
