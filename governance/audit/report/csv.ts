import { csvText } from '../../platform/quoting.js';

/** `null` is an empty cell. */
export type Cell = string | number | null;

/** A table as RFC 4180 has it, whose cells no spreadsheet takes for formulas. */
export function csv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  return csvText(value);
}
