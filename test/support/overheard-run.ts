import { printClosing } from '../../demo/closing-table.js';
import { type Run, type RunOptions, START } from '../../demo/run.js';
import { createTimeline } from '../../demo/timeline.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { World } from '../../testing/world.js';
import { printed, writings } from './invariants.js';

export interface OverheardRun {
  readonly run: Run;
  /** What the run wrote anywhere but into its secrets. */
  readonly written: string;
  /** Keys that must not be in it. */
  readonly plaintexts: readonly string[];
}

/** Plays a local run as `npm start` does, and keeps everything that it writes. */
export async function overhear(
  play: (options: RunOptions) => Promise<Run>,
  policy: Policy,
  plaintextsOf: (world: World) => readonly string[],
): Promise<OverheardRun> {
  const stdout: string[] = [];
  const log: unknown[] = [];
  const keepLine = (...line: unknown[]) => void log.push(...line.map(printed));
  const terminal = { write: (text: string) => void stdout.push(text), isTerminal: true };
  const timeline = createTimeline(START, terminal);
  let kept = '';
  let plaintexts: readonly string[] = [];
  const run = await play({
    policy,
    log: { info: keepLine, warn: keepLine, error: keepLine },
    onlooker: timeline,
    onMessage: timeline.alert,
    inspect(world, items) {
      plaintexts = plaintextsOf(world);
      kept = writings(world, items, log);
    },
  });
  printClosing(run.document, run.expectations, terminal);
  return { run, written: [kept, JSON.stringify(run), ...stdout].join('\n'), plaintexts };
}
