import type { Figure } from './figure.js';

/** The figures for programs: one document, by name. */
export function jsonReport(figures: readonly Figure[]): string {
  const byName = figures.map(({ name, value, unit, aim, holds }) => [
    name,
    { value: rounded(value), unit, aim, holds },
  ]);
  return JSON.stringify(Object.fromEntries(byName), undefined, 2);
}

/** The figures for readers: one line each. */
export function tableReport(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, aim, holds }) => [
    name,
    `${rounded(value).toLocaleString('en')} ${unit}`,
    aim,
    aim === 'none' ? '' : holds ? 'holds' : 'MISSED',
  ]);
  return aligned([['figure', 'value', 'aim', ''], ...rows]);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rounded(value: number): number {
  return Number(value.toPrecision(value < 1000 ? 4 : 6));
}
