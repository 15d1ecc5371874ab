import stringWidth from 'string-width';
import { oneLine } from '../../governance/platform/quoting.js';
import type { Style, Tone } from './style.js';
import { shortened } from './text.js';

/** A column of a table of such rows. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Cell;
  readonly align?: 'right';
  /** May be cut short where the terminal is too narrow. Not for what people copy. */
  readonly shrinks?: boolean;
}

export type Cell = string | { readonly text: string; readonly tone?: Tone | undefined };

export function left<Row>(title: string, cell: (row: Row) => Cell): Column<Row> {
  return { title, cell };
}

/** For numbers. */
export function right<Row>(title: string, cell: (row: Row) => Cell): Column<Row> {
  return { title, cell, align: 'right' };
}

export function shrinking<Row>(title: string, cell: (row: Row) => Cell): Column<Row> {
  return { title, cell, shrinks: true };
}

const GAP = 2;
const MIN_WIDTH = 8;

/** Aligned columns below their titles, each line with its end. Without rows, only the titles. */
export function renderTable<Row>(
  rows: readonly Row[],
  style: Style,
  columns: readonly Column<Row>[],
): string {
  const titles = columns.map(({ title }): Cell => ({ text: title, tone: 'faint' }));
  const body = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const cells = [titles, ...body].map((row) => row.map(toPlainCell));
  const widths = fittedWidths(
    columns.map(({ shrinks = false }, at) => ({
      shrinks,
      width: Math.max(...cells.map((row) => stringWidth(row[at]?.text ?? ''))),
    })),
    style.columns,
  );
  return cells
    .map((row) => {
      const padded = columns.map(({ align }, at) => {
        const { text, tone } = row[at] ?? { text: '' };
        const width = widths[at] ?? 0;
        const fitted = shortened(text, width);
        const padding = ' '.repeat(width - stringWidth(fitted));
        const painted = style.paint(fitted, tone);
        return align === 'right' ? padding + painted : painted + padding;
      });
      return `${padded.join(' '.repeat(GAP)).trimEnd()}\n`;
    })
    .join('');
}

function toPlainCell(cell: Cell) {
  const { text, tone } = typeof cell === 'string' ? { text: cell, tone: undefined } : cell;
  return { text: oneLine(text), tone };
}

/** Takes from the widest column that may shrink until all fit, or none can shrink any more. */
function fittedWidths(
  columns: readonly { readonly width: number; readonly shrinks: boolean }[],
  available: number | undefined,
): readonly number[] {
  const widths = columns.map(({ width }) => width);
  if (available === undefined) return widths;
  const total = () => widths.reduce((sum, width) => sum + width + GAP, -GAP);
  while (total() > available) {
    let widest = -1;
    for (const [at, width] of widths.entries()) {
      const canShrink = columns[at]?.shrinks && width > MIN_WIDTH;
      if (canShrink && width > (widths[widest] ?? 0)) widest = at;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** Names and values, one pair a line. An empty name continues the one above. */
export function renderFields(fields: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(...fields.map(([name]) => stringWidth(name)));
  return fields
    .map(([name, value]) => {
      const padding = ' '.repeat(width - stringWidth(name) + GAP);
      return `  ${style.paint(name, 'faint')}${padding}${oneLine(value)}\n`;
    })
    .join('');
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar that shows a share, from 0 to 1, in this many columns. A share above 1 fills it. */
export function bar(share: number, columns = 20): string {
  const bounded = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const eighths = Math.floor(bounded * columns * 8);
  const filled = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
  return filled.padEnd(columns, '░');
}
