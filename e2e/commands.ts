import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { LATE, within } from './waiting.js';

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

const COMMAND_LIMIT_MS = 900_000;
const SHOWN_LINES = 30;
const running = new Set<ChildProcess>();

/** Runs a command to its end. @throws Error with what it printed, if it fails */
export async function command(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<Printed> {
  // In a process group of its own, so that what it starts can be ended with it.
  const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  try {
    const printing = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const isLate = (await within(COMMAND_LIMIT_MS, printing)) === LATE;
    if (isLate) endGroup(child);
    const [stdout, stderr] = await printing;
    if (child.exitCode === 0) return { stdout, stderr };
    const printed = `${stdout}${stderr}`.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
    const how = isLate
      ? `no end within ${COMMAND_LIMIT_MS / 1000} s`
      : (child.signalCode ?? `exit status ${child.exitCode}`);
    throw new Error(`${file} ${args.join(' ')} failed (${how}):\n${printed}`);
  } finally {
    running.delete(child);
  }
}

/** Ends what still runs, when its end is not awaited any more. */
export function endCommands(): void {
  for (const child of running) endGroup(child);
}

/** A process and what it started in its group. */
export function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
