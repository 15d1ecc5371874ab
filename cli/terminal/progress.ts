import ora, { type Ora } from 'ora';
import type { Output } from './style.js';

/** Shows on stderr what is in progress, once it takes longer than a second. */
export interface Progress {
  during<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** Prints a line that stays, such as a step that is done. */
  line(text: string): void;
  /** Removes the spinner that is drawn at the moment. */
  clear(): void;
}

const SILENT_MS = 1000;

/** A spinner on a terminal; elsewhere a line for each thing that takes long. */
export function createProgress(
  stream: Output,
  isTerminal: boolean,
  safe: (text: string) => string,
): Progress {
  let spinner: Ora | undefined;

  function clear(): void {
    spinner?.stop();
    spinner = undefined;
  }

  function show(what: string): void {
    // ora never returns on a terminal that reports no columns.
    if (isTerminal && stream.columns) {
      // It must not read stdin, where a prompt may be next.
      const options = { stream, color: false, discardStdin: false, isEnabled: true } as const;
      spinner = ora({ ...options, text: safe(what) }).start();
    } else {
      stream.write(`${safe(what)} …\n`);
    }
  }

  return {
    clear,

    line(text) {
      stream.write(`${safe(text)}\n`); // a spinner makes room for it
    },

    async during(what, work) {
      const starting = setTimeout(show, SILENT_MS, what);
      try {
        return await work();
      } finally {
        clearTimeout(starting);
        clear();
      }
    },
  };
}
