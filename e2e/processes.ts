import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { command } from './commands.js';
import { claim } from './report.js';
import { until } from './waiting.js';

export type FunctionProcesses = ReturnType<typeof createFunctionProcesses>;

/**
 * Processes that the emulator runs deployed functions in: each from a folder named after its function.
 * `folder` is where the emulator unpacks functions; so processes of other runs are left alone.
 */
export function createFunctionProcesses(folder: string) {
  const runningOf = async (functionName: string): Promise<readonly number[]> => {
    const start = `${folder}/ministack-lambda-${functionName}-`;
    return (await processes()).flatMap(({ id, line }) => (line.includes(start) ? [id] : []));
  };

  return {
    /** Kills what runs a function, as if its machine had gone; returns when the process is no more. */
    async kill(functionName: string): Promise<void> {
      const running = await runningOf(functionName);
      claim(running.length > 0, `a process that runs ${functionName}`);
      for (const id of running) process.kill(id, 'SIGKILL');
      await until(
        `the process of ${functionName} to be gone`,
        () => runningOf(functionName),
        (left) => !left.some((id) => running.includes(id)),
        { pauseMs: 50, limitMs: 30_000 },
      );
    },
  };
}

interface Process {
  readonly id: number;
  readonly parent: number;
  readonly line: string;
}

/** What a process has started, and what that has, in any process group. */
export async function descendantsOf(id: number): Promise<readonly Process[]> {
  const all = await processes();
  const found = all.filter(({ parent }) => parent === id);
  for (const { id: parent } of found) found.push(...all.filter((one) => one.parent === parent));
  return found;
}

/** Which of these still run. */
export async function stillRunning(those: readonly Process[]): Promise<readonly string[]> {
  const now = await processes();
  return those
    .filter(({ id, line }) => now.some((one) => one.id === id && one.line === line))
    .map(({ line }) => line);
}

/** A process that has ended, and waits for its parent to notice, has no command line any more. */
async function processes(): Promise<Process[]> {
  if (existsSync('/proc/self/cmdline')) return readdirSync('/proc').flatMap(processOfLinux);
  const { stdout } = await command('ps', ['-axo', 'pid=,ppid=,args='], {});
  return stdout.split('\n').flatMap((row) => {
    const [, id, parent, line] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
    return id && line ? [{ id: Number(id), parent: Number(parent), line }] : [];
  });
}

function processOfLinux(entry: string): Process[] {
  if (!/^\d+$/.test(entry)) return [];
  try {
    const line = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const [, parent] = /\) \S (\d+) /.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
    return line ? [{ id: Number(entry), parent: Number(parent), line }] : [];
  } catch {
    return []; // gone meanwhile
  }
}
