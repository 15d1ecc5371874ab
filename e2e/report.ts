/** A claim about the deployment that did not hold. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

export function claim(holds: boolean, what: string, given?: unknown): void {
  if (holds) return;
  const shown = given === undefined ? '' : `, but got ${JSON.stringify(given).slice(0, 600)}`;
  throw new ClaimError(`expected ${what}${shown}`);
}

/** What happened, for the summary at the end. */
export interface Report {
  /** Runs a part of the journey and says how long it took; what fails ends the journey. */
  step<Result>(title: string, act: () => Promise<Result>): Promise<Result>;
  note(line: string): void;
  /** Counts under a heading. */
  count(heading: string, what: string, by?: number): void;
  print(): void;
}

export function createReport(write: (line: string) => void, now: () => number): Report {
  const startedAt = now();
  const counts = new Map<string, Map<string, number>>();
  let steps = 0;

  return {
    async step(title, act) {
      const from = now();
      const result = await act();
      steps += 1;
      write(`✓ ${title} (${seconds(now() - from)})`);
      return result;
    },

    note: (line) => write(`  ${line}`),

    count(heading, what, by = 1) {
      const group = counts.get(heading) ?? new Map<string, number>();
      group.set(what, (group.get(what) ?? 0) + by);
      counts.set(heading, group);
    },

    print() {
      for (const [heading, group] of counts) {
        write(`\n${heading}`);
        for (const [what, count] of [...group].sort())
          write(`  ${String(count).padStart(4)}  ${what}`);
      }
      const minutes = (now() - startedAt) / 60_000;
      write(`\n${steps} parts of the journey held, ${minutes.toFixed(1)} minutes`);
    },
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
