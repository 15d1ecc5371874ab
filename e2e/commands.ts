import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a command to its end. @throws Error with what it printed, if it fails */
export async function command(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<string> {
  try {
    const { stdout, stderr } = await run(file, args, {
      env,
      cwd,
      maxBuffer: 64 * 2 ** 20,
      timeout: COMMAND_TIMEOUT_MS,
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const printed = `${stdout}${stderr}`.split('\n').slice(-SHOWN_LINES).join('\n');
    throw new Error(`${file} ${args.join(' ')} failed:\n${printed}`, { cause: error });
  }
}

const COMMAND_TIMEOUT_MS = 300_000;
const SHOWN_LINES = 30;
