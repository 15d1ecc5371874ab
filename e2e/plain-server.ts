import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endGroup } from './commands.js';
import { LATE, within } from './waiting.js';

const PROGRAM = join(import.meta.dirname, '..', 'gateway', 'server', 'main.ts');
const LIMIT_MS = 60_000;

/** In which the plain server takes the caller's ARN. */
export const CALLER_HEADER = 'x-caller-arn';

/** The gateway as a plain server, in a process of its own; returns its address once it listens. */
export async function startPlainServer(
  policyPath: string,
  env: NodeJS.ProcessEnv,
  onStart: (stop: () => unknown) => void,
): Promise<string> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, PROGRAM, '--port', '0', '--policy', policyPath],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env },
  );
  onStart(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await within(LIMIT_MS, exited);
    }
    endGroup(child);
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const listening = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, url] = /listening at (\S+)\/v1/.exec(line) ?? [];
      if (url) resolve(url);
    });
    child.once('exit', () => reject(new Error(`the gateway has ended:\n${said.join('\n')}`)));
  });
  const url = await within(LIMIT_MS, listening);
  if (url === LATE) throw new Error(`the gateway does not listen:\n${said.join('\n')}`);
  return url;
}
