import type { Ora } from 'ora';
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
  redact: (text: string) => string,
): Progress {
  let spinner: Ora | undefined;

  function clear(): void {
    spinner?.stop();
    spinner = undefined;
  }

  async function show(what: string, isOver: () => boolean): Promise<void> {
    if (!isTerminal) {
      stream.write(`${redact(what)} …\n`);
      return;
    }
    const { default: ora } = await import('ora'); // few commands take long enough to need it
    // It must not read stdin, where a prompt may be next.
    const options = { stream, color: false, discardStdin: false, isEnabled: true } as const;
    if (!isOver()) spinner = ora({ ...options, text: redact(what) }).start();
  }

  return {
    clear,

    line(text) {
      stream.write(`${redact(text)}\n`); // a spinner makes room for it
    },

    async during(what, work) {
      let isOver = false;
      const starting = setTimeout(() => void show(what, () => isOver), SILENT_MS);
      try {
        return await work();
      } finally {
        isOver = true;
        clearTimeout(starting);
        clear();
      }
    },
  };
}
