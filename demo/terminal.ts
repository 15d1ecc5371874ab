import { headingText, type Style, type Tone, verdictLine } from '../cli/terminal/style.js';
import { bar, left, renderTable } from '../cli/terminal/table.js';
import { DAY_MS } from '../governance/platform/utc-day.js';
import { countText, instantText, moneyText, spentText } from '../governance/platform/wording.js';
import type { PublishedMessage } from '../testing/fakes/alert-inbox.js';
import type { Run } from './run.js';
import { DAYS, type Observer } from './stage.js';

const NANOS = 1e9;

const TONES: Readonly<Record<string, Tone>> = { info: 'good', warning: 'warn', critical: 'bad' };

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly style: Style;
  /** Whether to keep a progress bar under the timeline. */
  readonly isTerminal: boolean;
}

export interface Timeline extends Observer {
  alert(message: PublishedMessage): void;
  end(): void;
}

/** Prints each event as it happens on a line of its own, with the day of the story. */
export function createTimeline(start: Date, terminal: TerminalOptions): Timeline {
  const { write, style, isTerminal } = terminal;
  let today = 0;

  function line(at: Date, text: string, tone?: Tone): void {
    const day = Math.floor((at.getTime() - start.getTime()) / DAY_MS);
    const when = `day ${String(day).padStart(3)}  ${instantText(at)}`;
    clearBar();
    write(`${style.paint(when, 'faint')}  ${style.paint(text, tone)}\n`);
    drawBar();
  }

  function drawBar(): void {
    if (isTerminal) write(`${bar(today / DAYS)} day ${today} of ${DAYS}`);
  }

  function clearBar(): void {
    if (isTerminal) write('\r\x1b[K');
  }

  write(`${style.paint(`A deploy and the ${DAYS} days after it, on a virtual clock`, 'strong')}
The functions are the product's own; Mistral and AWS are stand-ins on this machine.
  ·  what people and programs do    ✓  an alert to know of    !  an alert to act on\n\n`);

  return {
    alert({ at, subject, attributes: { severity = 'info' } }) {
      const mark = severity === 'info' ? '✓' : '!';
      line(at, `${mark} ${subject}`, TONES[severity]);
    },

    event: (at, text) => line(at, `· ${text}`),

    dayBegins(day) {
      today = day;
      clearBar();
      drawBar();
    },

    end: clearBar,
  };
}

/** The state of every key, the findings, the spend, and the claims with their results. */
export function printClosing({ document, claims }: Run, { write, style }: TerminalOptions): void {
  write(headingText('Keys at Mistral', style));
  write(
    renderTable(document.keys, style, [
      left('key', ({ name }) => name),
      left('workspace', ({ workspace }) => workspace),
      left('status', ({ status }) => status),
      left('created', ({ createdAt }) => createdAt.slice(0, 10)),
      left('last used', ({ lastUsed }) => lastUsed ?? 'never'),
    ]),
  );
  write(headingText('Rotations', style));
  write(
    renderTable(document.rotations, style, [
      left('secret', ({ secret }) => secret),
      left('started', ({ steps }) => steps[0]?.at.slice(0, 10) ?? ''),
      left('outcome', ({ outcome }) => outcome),
    ]),
  );
  write(headingText('Findings of the nightly audit', style));
  write(
    renderTable(document.findings, style, [
      left('finding', ({ type }) => type),
      left('severity', ({ severity }) => severity),
      left('subject', ({ subject }) => subject),
      left('since', ({ since }) => since),
      left('status', ({ status }) => status),
    ]),
  );
  write(headingText('Spend against budgets', style));
  write(
    renderTable(document.spend, style, [
      left('workspace', ({ workspace }) => workspace),
      left('window', ({ windowName }) => windowName),
      left('', ({ percent }) => (percent === null ? '' : bar(percent / 100))),
      left('spent', ({ spent, budget, currency }) =>
        budget === null
          ? moneyText(spent * NANOS, currency)
          : spentText(spent * NANOS, budget * NANOS, currency),
      ),
    ]),
  );
  write(headingText('Checks', style));
  for (const [sentence, holds] of claims) write(verdictLine(holds, sentence, style));
  const failed = claims.filter(([, holds]) => !holds).length;
  const total = countText(claims.length, 'check');
  const verdict = failed === 0 ? `All ${total} passed.` : `${failed} of ${total} failed.`;
  write(`\n${style.paint(verdict, failed === 0 ? 'good' : 'bad')}\n`);
}
