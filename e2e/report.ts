/** A claim about the deployment that did not hold. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';

  constructor(what: string, given?: unknown) {
    const shown = given === undefined ? '' : `, but got ${JSON.stringify(given).slice(0, 600)}`;
    super(`expected ${what}${shown}`);
  }
}

export function claim(holds: boolean, what: string, given?: unknown): asserts holds {
  if (!holds) throw new ClaimError(what, given);
}

/** Two lists of names, in any order. */
export function claimSame(given: readonly string[], expected: readonly string[], what: string) {
  claim([...given].sort().join() === [...expected].sort().join(), what, given);
}

/** What is counted for the summary, under these names of its document. */
const COUNTED = {
  resourcesDeployed: 'resources deployed',
  stepsDriven: 'steps driven',
  functionsKilled: 'functions killed',
  alertsReceived: 'alerts received',
} as const;
type Counted = keyof typeof COUNTED;

/** The document that `--json` prints; a failed journey has what came before, and says why it ended. */
export interface Summary extends Readonly<Record<Counted, Readonly<Record<string, number>>>> {
  readonly parts: readonly { readonly title: string; readonly seconds: number }[];
  readonly minutes: number;
}

export type Report = ReturnType<typeof createReport>;

/** What happened, for the summary at the end. */
export function createReport(write: (line: string) => void, nowMs: () => number) {
  const startedAtMs = nowMs();
  const parts: { title: string; seconds: number }[] = [];
  const counts: Record<Counted, Record<string, number>> = {
    ...{ resourcesDeployed: {}, stepsDriven: {}, functionsKilled: {}, alertsReceived: {} },
  };
  const unfinished = new Set<string>();

  return {
    /** Runs a part of the journey and prints how long it took; what fails ends the journey. */
    async step<Result>(title: string, act: () => Promise<Result>): Promise<Result> {
      const fromMs = nowMs();
      unfinished.add(title);
      const result = await act();
      unfinished.delete(title);
      const seconds = (nowMs() - fromMs) / 1000;
      parts.push({ title, seconds });
      write(`✓ ${title} (${seconds.toFixed(1)} s)`);
      return result;
    },

    note: (line: string) => write(`  ${line}`),

    count(counted: Counted, what: string, by = 1): void {
      counts[counted][what] = (counts[counted][what] ?? 0) + by;
    },

    /** In which part the journey is, or after which; several may run at once. */
    where(): string {
      if (unfinished.size > 0) return `in "${[...unfinished].join('" or "')}"`;
      const last = parts.at(-1);
      return last ? `after "${last.title}"` : 'at the start';
    },

    summary(): Summary {
      return { parts, ...counts, minutes: (nowMs() - startedAtMs) / 60_000 };
    },
  };
}

/** The summary for people. */
export function linesOf(summary: Summary): string[] {
  const tables = Object.entries(COUNTED).flatMap(([counted, heading]) => {
    const rows = Object.entries(summary[counted as Counted]).sort(([a], [b]) => (a < b ? -1 : 1));
    const sum = rows.reduce((total, [, count]) => total + count, 0);
    const lines = rows.map(([what, count]) => `${String(count).padStart(6)}  ${what}`);
    return [`${heading}: ${sum}`, ...lines, ''];
  });
  const minutes = summary.minutes.toFixed(1);
  return ['', ...tables, `${summary.parts.length} parts of the journey held, ${minutes} minutes`];
}
