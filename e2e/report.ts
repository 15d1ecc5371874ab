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

type Heading = 'resources deployed' | 'steps driven' | 'functions killed' | 'alerts received';
type Counts = Readonly<Record<string, number>>;

/** What happened, for the summary at the end. */
export interface Report {
  /** Runs a part of the journey and prints how long it took; what fails ends the journey. */
  step<Result>(title: string, act: () => Promise<Result>): Promise<Result>;
  note(line: string): void;
  /** Counts under a heading. */
  count(heading: Heading, what: string, by?: number): void;
  /** In which part the journey is, or after which. */
  where(): string;
  summary(): Summary;
}

/** The document that `--json` prints; a failed journey has what came before, and says why it ended. */
export interface Summary {
  readonly parts: readonly { readonly title: string; readonly seconds: number }[];
  readonly resourcesDeployed: Counts;
  readonly stepsDriven: Counts;
  readonly functionsKilled: Counts;
  readonly alertsReceived: Counts;
  readonly minutes: number;
}

export function createReport(write: (line: string) => void, nowMs: () => number): Report {
  const startedAtMs = nowMs();
  const parts: { title: string; seconds: number }[] = [];
  const counts = new Map<Heading, Map<string, number>>();
  let unfinished: string | undefined;
  const under = (heading: Heading): Counts =>
    Object.fromEntries([...(counts.get(heading) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)));

  return {
    async step(title, act) {
      const fromMs = nowMs();
      unfinished = title;
      const result = await act();
      unfinished = undefined;
      const seconds = (nowMs() - fromMs) / 1000;
      parts.push({ title, seconds });
      write(`✓ ${title} (${seconds.toFixed(1)} s)`);
      return result;
    },

    note: (line) => write(`  ${line}`),

    count(heading, what, by = 1) {
      const group = counts.get(heading) ?? new Map<string, number>();
      group.set(what, (group.get(what) ?? 0) + by);
      counts.set(heading, group);
    },

    where() {
      if (unfinished !== undefined) return `in "${unfinished}"`;
      const last = parts.at(-1);
      return last ? `after "${last.title}"` : 'at the start';
    },

    summary: () => ({
      parts,
      resourcesDeployed: under('resources deployed'),
      stepsDriven: under('steps driven'),
      functionsKilled: under('functions killed'),
      alertsReceived: under('alerts received'),
      minutes: (nowMs() - startedAtMs) / 60_000,
    }),
  };
}

/** The summary for people. */
export function linesOf(summary: Summary): string[] {
  return [
    '',
    ...table('resources deployed', summary.resourcesDeployed),
    ...table('steps driven', summary.stepsDriven),
    ...table('functions killed', summary.functionsKilled),
    ...table('alerts received', summary.alertsReceived),
    `${summary.parts.length} parts of the journey held, ${summary.minutes.toFixed(1)} minutes`,
  ];
}

function table(heading: string, counts: Counts): string[] {
  const rows = Object.entries(counts);
  const sum = rows.reduce((total, [, count]) => total + count, 0);
  return [
    `${heading}: ${sum}`,
    ...rows.map(([what, count]) => `${String(count).padStart(6)}  ${what}`),
    '',
  ];
}
