import { PLAIN } from '../cli/terminal/style.js';
import { left, renderTable } from '../cli/terminal/table.js';
import type { Figure } from './figure.js';

/** The figures for programs: one document, by name. */
export function jsonReport(figures: readonly Figure[]): string {
  const byName = figures.map(({ name, value, unit, aim, holds }) => [
    name,
    { value: rounded(value), unit, aim, holds },
  ]);
  return `${JSON.stringify(Object.fromEntries(byName), undefined, 2)}\n`;
}

/** The figures for readers: one line each. */
export function tableReport(figures: readonly Figure[]): string {
  return renderTable(figures, PLAIN, [
    left('figure', ({ name }) => name),
    left('value', ({ value, unit }) => `${rounded(value).toLocaleString('en')} ${unit}`),
    left('aim', ({ aim }) => aim),
    left('', ({ aim, holds }) => (aim === 'none' ? '' : holds ? 'holds' : 'MISSED')),
  ]);
}

function rounded(value: number): number {
  return Number(value.toPrecision(value < 1000 ? 4 : 6));
}
