import { PLAIN } from '../../cli/terminal/style.js';
import { type Run, runLocally, START } from '../../demo/run.js';
import { createTimeline, printClosing } from '../../demo/terminal.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { FirstVersion } from '../../testing/fakes/secret-store.js';
import { plaintextsOf, printed, writings } from './invariants.js';

export interface OverheardRun {
  readonly run: Run;
  /** The run as a terminal shows it. */
  readonly printed: readonly string[];
  /** Everything that the run wrote outside its secrets. */
  readonly written: string;
  /** Keys that must not be in it. */
  readonly plaintexts: readonly string[];
}

/** Plays a local run like `npm start`, and keeps all its output. */
export async function overhear(policy: Policy, firstVersion?: FirstVersion): Promise<OverheardRun> {
  const shown: string[] = [];
  const log: unknown[] = [];
  const keepLine = (...line: unknown[]) => void log.push(...line.map(printed));
  const write = (text: string) => void shown.push(text);
  const terminal = { write, style: PLAIN, isTerminal: true };
  const timeline = createTimeline(START, terminal);
  let kept = '';
  let plaintexts: readonly string[] = [];
  const run = await runLocally({
    policy,
    firstVersion,
    log: { info: keepLine, warn: keepLine, error: keepLine },
    observer: timeline,
    onMessage: timeline.alert,
    inspect(world, items) {
      plaintexts = plaintextsOf(world);
      kept = writings(world, items, log);
    },
  });
  printClosing(run, terminal);
  const written = [kept, JSON.stringify(run), ...shown].join('\n');
  return { run, printed: shown, written, plaintexts };
}
