import type { RunDocument } from './document.js';
import type { Expectation } from './expectations.js';
import { styled, type TerminalOptions } from './timeline.js';

/** What became of every key, what the audit found, and whether the story went as it should. */
export function printClosing(
  { keys, findings, spend }: RunDocument,
  expectations: readonly Expectation[],
  { write, isTerminal }: TerminalOptions,
): void {
  const heading = (text: string) => write(`\n${styled(isTerminal, 'bold', text)}\n`);

  heading('Keys');
  write(
    table(
      ['key', 'workspace', 'status', 'created', 'last used'],
      keys.map(({ name, workspace, status, createdAt, lastUsed }) => [
        name,
        workspace,
        status,
        createdAt.slice(0, 10),
        lastUsed ?? 'never',
      ]),
    ),
  );

  heading('Findings of the nightly audit');
  write(
    table(
      ['type', 'severity', 'subject', 'since', 'status'],
      findings.map(({ type, severity, subject, since, status }) => [
        type,
        severity,
        subject,
        since,
        status,
      ]),
    ),
  );

  heading('Spend against budget');
  write(
    table(
      ['workspace', 'window', '', 'spent', 'budget', ''],
      spend.map(({ workspace, window, windowName, spent, budget, percent, currency }) => [
        workspace,
        window,
        windowName,
        `${spent.toFixed(2)} ${currency}`.padStart(12),
        budget === null ? 'none' : `${budget} ${currency}`.padStart(10),
        percent === null ? '' : bar(percent),
      ]),
    ),
  );

  heading('As it should be');
  for (const { claim, holds } of expectations) {
    write(`${styled(isTerminal, holds ? 'green' : 'red', holds ? '✓' : '✗')} ${claim}\n`);
  }
}

const BAR_CELLS = 20;

function bar(percent: number): string {
  const full = Math.round((Math.min(percent, 100) / 100) * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${percent.toFixed(1).padStart(5)} %`;
}

/** Columns as wide as their widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  const rule = line(widths.map((width) => '─'.repeat(width)));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}
