import { styleText } from 'node:util';
import { DAY_MS } from '../governance/platform/utc-day.js';
import { countText, instantText, moneyText, spentText } from '../governance/platform/wording.js';
import type { PublishedMessage } from '../testing/fakes/alert-inbox.js';
import type { Run } from './run.js';
import { DAYS, type Observer } from './stage.js';

const BAR_CELLS = 20;
const NANOS = 1e9;

type Style = Parameters<typeof styleText>[0];

const SEVERITY_STYLES: Readonly<Record<string, Style>> = {
  info: 'green',
  warning: 'yellow',
  critical: 'red',
};

export interface TerminalOptions {
  readonly write: (text: string) => void;
  /** Whether to colour, and to keep a progress bar under the timeline. */
  readonly isTerminal: boolean;
}

export interface Timeline extends Observer {
  alert(message: PublishedMessage): void;
  end(): void;
}

/** Prints what happens as it happens, a line each, with the day of the story. */
export function createTimeline(start: Date, { write, isTerminal }: TerminalOptions): Timeline {
  const style = styler(isTerminal);
  let today = 0;

  function line(at: Date, colour: Style, text: string): void {
    const day = Math.floor((at.getTime() - start.getTime()) / DAY_MS);
    const when = `day ${String(day).padStart(3)}  ${instantText(at)}`;
    clearBar();
    write(`${style('dim', when)}  ${style(colour, text)}\n`);
    drawBar();
  }

  function drawBar(): void {
    if (isTerminal) write(`${bar((today / DAYS) * 100)} day ${today} of ${DAYS}`);
  }

  function clearBar(): void {
    if (isTerminal) write('\r\x1b[K');
  }

  write(`${style('bold', `A deploy and the ${DAYS} days after it, on a virtual clock`)}
The functions are the product's own; Mistral and AWS are stand-ins on this machine.
  ·  what people and programs do    ✓  an alert to know of    !  an alert to act on\n\n`);

  return {
    alert({ at, subject, attributes: { severity = 'info' } }) {
      const mark = severity === 'info' ? '✓' : '!';
      line(at, SEVERITY_STYLES[severity] ?? 'reset', `${mark} ${subject}`);
    },

    event: (at, text) => line(at, 'cyan', `· ${text}`),

    dayBegins(day) {
      today = day;
      clearBar();
      drawBar();
    },

    end: clearBar,
  };
}

/** What became of every key, what the audit found, what was spent, and whether all went as it must. */
export function printClosing({ document, claims }: Run, terminal: TerminalOptions): void {
  const { write } = terminal;
  const style = styler(terminal.isTerminal);
  const heading = (text: string) => write(`\n${style('bold', text)}\n`);

  heading('Keys at Mistral');
  write(
    table(document.keys, {
      key: ({ name }) => name,
      workspace: ({ workspace }) => workspace,
      status: ({ status }) => status,
      created: ({ createdAt }) => createdAt.slice(0, 10),
      'last used': ({ lastUsed }) => lastUsed ?? 'never',
    }),
  );
  heading('Rotations');
  write(
    table(document.rotations, {
      secret: ({ secret }) => secret,
      started: ({ steps }) => steps[0]?.at.slice(0, 10) ?? '',
      outcome: ({ outcome }) => outcome,
    }),
  );
  heading('Findings of the nightly audit');
  write(
    table(document.findings, {
      finding: ({ type }) => type,
      severity: ({ severity }) => severity,
      subject: ({ subject }) => subject,
      since: ({ since }) => since,
      status: ({ status }) => status,
    }),
  );
  heading('Spend against budgets');
  write(
    table(document.spend, {
      workspace: ({ workspace }) => workspace,
      window: ({ windowName }) => windowName,
      '': ({ percent }) => (percent === null ? '' : bar(percent)),
      spent: ({ spent, budget, currency }) =>
        budget === null
          ? moneyText(spent * NANOS, currency)
          : spentText(spent * NANOS, budget * NANOS, currency),
    }),
  );
  heading('Checks');
  for (const [sentence, holds] of claims) {
    write(`${style(holds ? 'green' : 'red', holds ? '✓' : '✗')} ${sentence}\n`);
  }
  const failed = claims.filter(([, holds]) => !holds).length;
  const total = countText(claims.length, 'check');
  write(
    failed === 0
      ? `\n${style('green', `All ${total} passed.`)}\n`
      : `\n${style('red', `${failed} of ${total} failed.`)}\n`,
  );
}

function bar(percent: number): string {
  const full = Math.round((Math.min(percent, 100) / 100) * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
}

/** Columns as wide as their widest cell. */
function table<Row>(
  rows: readonly Row[],
  columns: Readonly<Record<string, (row: Row) => string>>,
): string {
  const texts = Object.entries(columns).map(([head, textOf]) => {
    const cells = [head, ...rows.map(textOf)];
    const width = Math.max(...cells.map(({ length }) => length));
    return [head, '─'.repeat(width), ...cells.slice(1)].map((cell) => cell.padEnd(width));
  });
  const lines = Array.from({ length: rows.length + 2 }, (_, line) =>
    texts.map((column) => column[line]).join('  '),
  );
  return lines.map((line) => `  ${line.trimEnd()}\n`).join('');
}

/** Colours for a terminal, and plain text for a program that reads. */
function styler(isTerminal: boolean) {
  return (style: Style, text: string) => (isTerminal ? styleText(style, text) : text);
}
