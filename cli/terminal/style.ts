import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { oneLine } from '../../governance/platform/quoting.js';

/** What a piece of text means besides its words. */
export type Tone = 'good' | 'warn' | 'bad' | 'faint' | 'strong';

/** How a stream shows text. */
export interface Style {
  /** `undefined` in a file or a pipe, where lines may have any length. */
  readonly columns: number | undefined;
  paint(text: string, tone: Tone | undefined): string;
}

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

const FORMATS = {
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  faint: 'dim',
  strong: 'bold',
} as const satisfies Record<Tone, string>;

export const PLAIN: Style = { columns: undefined, paint: (text) => text };

/** Colors for terminals, as NO_COLOR, FORCE_COLOR and TERM allow. */
export function styleOf(stream: Output): Style {
  return {
    columns: (stream.isTTY && stream.columns) || undefined, // 0 where it is unknown
    paint: (text, tone) =>
      tone === undefined || text === '' ? text : styleText(FORMATS[tone], text, { stream }),
  };
}

/** A line that reports success or failure. */
export function verdictLine(isGood: boolean, text: string, style: Style): string {
  return `${isGood ? style.paint('✓', 'good') : style.paint('✗', 'bad')} ${oneLine(text)}\n`;
}

/** What a command could not find out, a line each. */
export function notesText(notes: readonly string[], style: Style): string {
  return notes.map((note) => `${style.paint('!', 'warn')} ${oneLine(note)}\n`).join('');
}

/** The title of a section. */
export function headingText(title: string, style: Style): string {
  return `\n${style.paint(title, 'strong')}\n`;
}
