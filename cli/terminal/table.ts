import type { Style, Tone } from './style.js';
import { plainLine, shortened, textWidth } from './text.js';

export interface Column {
  readonly title: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
  /** May be cut short where the terminal is too narrow. Not for what people copy. */
  readonly shrinks?: boolean;
}

export type Cell = string | { readonly text: string; readonly tone?: Tone };

const GAP = 2;
const LEAST_WIDTH = 8;

/** Aligned columns below their titles, each line with its end. Without rows there is only the head. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): string {
  const head = columns.map(({ title }): Cell => ({ text: title, tone: 'faint' }));
  const cells = [head, ...rows].map((row) => row.map(read));
  const widths = fittedWidths(
    columns,
    columns.map((_, at) => Math.max(...cells.map((row) => textWidth(row[at]?.text ?? '')))),
    style.columns,
  );
  return cells
    .map((row) => {
      const padded = columns.map(({ align }, at) => {
        const { text, tone } = row[at] ?? { text: '' };
        const shown = shortened(text, widths[at] ?? 0);
        const padding = ' '.repeat((widths[at] ?? 0) - textWidth(shown));
        const painted = style.paint(shown, tone);
        return align === 'right' ? padding + painted : painted + padding;
      });
      return `${padded.join(' '.repeat(GAP)).trimEnd()}\n`;
    })
    .join('');
}

function read(cell: Cell): { text: string; tone?: Tone } {
  const { text, tone } = typeof cell === 'string' ? { text: cell, tone: undefined } : cell;
  return { text: plainLine(text), tone };
}

/** Takes from the widest of those that may shrink until everything fits, or none can any more. */
function fittedWidths(
  columns: readonly Column[],
  wanted: readonly number[],
  room: number | undefined,
): readonly number[] {
  if (room === undefined) return wanted;
  const widths = [...wanted];
  const total = () => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (total() > room) {
    let widest = -1;
    for (const [at, width] of widths.entries()) {
      const canGive = columns[at]?.shrinks && width > LEAST_WIDTH;
      if (canGive && width > (widths[widest] ?? 0)) widest = at;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Names and what they stand for, one below the other. An empty name goes on with the one above. */
export function renderFields(fields: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(...fields.map(([name]) => textWidth(name)));
  return fields
    .map(([name, value]) => {
      const padding = ' '.repeat(width - textWidth(name) + GAP);
      return `  ${style.paint(name, 'faint')}${padding}${plainLine(value)}\n`;
    })
    .join('');
}
