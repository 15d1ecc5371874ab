import { styleText } from 'node:util';
import { DAY_MS } from '../governance/platform/utc-day.js';
import type { PublishedMessage } from '../testing/fakes/alert-inbox.js';
import { DAYS, type Onlooker } from './hundred-days.js';

const BAR_CELLS = 25;

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

export interface Timeline extends Onlooker {
  alert(message: PublishedMessage): void;
  end(): void;
}

/** Prints what happens as it happens, a line each, with the day of the story. */
export function createTimeline(start: Date, { write, isTerminal }: TerminalOptions): Timeline {
  let day = 0;

  function line(at: Date, style: Style, mark: string, text: string): void {
    const number = Math.floor((at.getTime() - start.getTime()) / DAY_MS);
    const time = at.toISOString().slice(0, 16).replace('T', ' ');
    const when = `day ${String(number).padStart(3)}  ${time}`;
    clearBar();
    write(`${styled(isTerminal, 'dim', when)}  ${styled(isTerminal, style, `${mark} ${text}`)}\n`);
    drawBar();
  }

  function drawBar(): void {
    if (!isTerminal) return;
    const done = Math.round((day / DAYS) * BAR_CELLS);
    write(`${'█'.repeat(done)}${'░'.repeat(BAR_CELLS - done)} day ${day} of ${DAYS}`);
  }

  function clearBar(): void {
    if (isTerminal) write('\r\x1b[K');
  }

  return {
    alert({ at, subject, attributes }) {
      const severity = attributes.severity ?? 'info';
      const mark = severity === 'info' ? '✓' : '!';
      line(at, SEVERITY_STYLES[severity] ?? 'reset', mark, subject);
    },

    tell: (at, what) => line(at, 'cyan', '·', what),

    dayBegins(number) {
      day = number;
      if (isTerminal) {
        clearBar();
        drawBar();
      } else if (number > 0 && number % 10 === 0) write(`-- ${number} of ${DAYS} days --\n`);
    },

    end: clearBar,
  };
}

/** Colours where somebody looks, and plain text where a program reads. */
export function styled(isTerminal: boolean, style: Style, text: string): string {
  return isTerminal ? styleText(style, text) : text;
}
