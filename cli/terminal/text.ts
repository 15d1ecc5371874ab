import { stripVTControlCharacters } from 'node:util';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

const TAKES_NO_ROOM = /^[\p{Mark}\p{Control}\p{Format}]+$/u;
/** What terminals show over two columns: East Asian scripts, their full-width signs, and emoji. */
const TAKES_TWO =
  /^(?:\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(stripVTControlCharacters(text))) {
    width += graphemeWidth(segment);
  }
  return width;
}

/** The text in at most so many columns, with an ellipsis where something is missing. */
export function shortened(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = '';
  let width = 1; // the ellipsis
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** One line without anything that a terminal would obey: names come from others. */
export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(
    /[\p{Control}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu,
    ' ',
  );
}

/** The same for several lines. */
export function plainText(text: string): string {
  return text.split('\n').map(plainLine).join('\n');
}

function graphemeWidth(grapheme: string): number {
  if (TAKES_NO_ROOM.test(grapheme)) return 0;
  return TAKES_TWO.test(grapheme) ? 2 : 1;
}
