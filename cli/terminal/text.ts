import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text in at most this many columns, with an ellipsis where something is missing. */
export function shortened(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let width = 1; // the ellipsis
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += stringWidth(segment);
    if (width > columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** One line without control characters: names come from others, and a terminal obeys such characters. */
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
