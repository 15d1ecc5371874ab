export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Whether a line can be drawn over. */
  readonly isTerminal: boolean;
  readonly timers?: Pick<
    typeof globalThis,
    'setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval'
  >;
}

/** Tells that something is under way, once it takes longer than a second. */
export interface Progress {
  during<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** Says something for good, such as a step that was done. */
  line(text: string): void;
  /** Takes away what is drawn at the moment. */
  clear(): void;
}

const SILENT_MS = 1000;
const FRAME_MS = 100;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const CLEAR_LINE = '\r\x1b[2K';

export function createProgress({
  write,
  isTerminal,
  timers = globalThis,
}: ProgressOptions): Progress {
  let isDrawn = false;

  function clear(): void {
    if (isDrawn) write(CLEAR_LINE);
    isDrawn = false;
  }

  return {
    clear,

    line(text) {
      clear();
      write(`${text}\n`);
    },

    async during(what, work) {
      let spinning: ReturnType<typeof setInterval> | undefined;
      let frame = 0;
      function draw(): void {
        write(`${CLEAR_LINE}${FRAMES[frame % FRAMES.length]} ${what}`);
        isDrawn = true;
        frame += 1;
      }
      const starting = timers.setTimeout(() => {
        if (!isTerminal) {
          write(`${what} …\n`);
          return;
        }
        draw();
        spinning = timers.setInterval(draw, FRAME_MS);
      }, SILENT_MS);
      try {
        return await work();
      } finally {
        timers.clearTimeout(starting);
        timers.clearInterval(spinning);
        clear();
      }
    },
  };
}
