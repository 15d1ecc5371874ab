/** What a piece of text says of itself besides its words. */
export type Tone = 'good' | 'warn' | 'bad' | 'faint' | 'strong';

/** How a terminal shows text. */
export interface Style {
  /** `undefined` where lines may be as long as they like: in a file or a pipe. */
  readonly columns: number | undefined;
  paint(text: string, tone: Tone | undefined): string;
}

const CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  warn: [33, 39],
  bad: [31, 39],
  faint: [2, 22],
  strong: [1, 22],
};

export const PLAIN: Style = { columns: undefined, paint: (text) => text };

export interface StyleOptions {
  readonly isTerminal: boolean;
  readonly columns: number | undefined;
  /** https://no-color.org */
  readonly noColour: boolean;
}

export function createStyle({ isTerminal, columns, noColour }: StyleOptions): Style {
  if (!isTerminal) return PLAIN;
  if (noColour) return { ...PLAIN, columns };
  return {
    columns,
    paint(text, tone) {
      if (tone === undefined || text === '') return text;
      const [on, off] = CODES[tone];
      return `\x1b[${on}m${text}\x1b[${off}m`;
    },
  };
}

/** What an answer could not find out, a line each. */
export function notesText(notes: readonly string[], style: Style): string {
  return notes.map((note) => `${style.paint('!', 'warn')} ${note}\n`).join('');
}
