/** `null` is an empty cell. */
export type Cell = string | number | null;

/** A table as RFC 4180 has it, whose cells no spreadsheet takes for formulas. */
export function csv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Also behind spaces, and in the wide forms that some spreadsheets take for the narrow ones.
const FORMULA = /^(\s*[=+\-@＝＋－＠]|[\t\r\n|%])/;
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/;
