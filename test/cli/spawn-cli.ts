import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCommandLine } from '../../bin/bundle-command-line.js';
import { type CliRun, withoutProgress } from './run-cli.js';

const ROOT = join(import.meta.dirname, '../..');

export interface SpawnOptions {
  /** Besides what a child needs to run at all. @default none: no credentials, no region */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Sends ^C as soon as this resolves, or another signal that it resolves to. */
  readonly interruptAfter?: Promise<unknown>;
  /** Hears all of stdout up to now. */
  readonly onOutput?: (stdout: string) => void;
}

let built: Promise<string> | undefined;

/** As in the package, once for all tests of this process. Other processes may build at the same time. */
async function buildOnce(): Promise<string> {
  const folder = join(ROOT, 'node_modules/.cache/cli-of-tests');
  const main = join(folder, 'main.js');
  const draft = join(folder, `${process.pid}.js`);
  await bundleCommandLine(draft);
  renameSync(draft, main);
  return main;
}

/** The command line as a user starts it: a process of its own, without a terminal. */
export async function spawnCli(
  args: readonly string[],
  { env = {}, stdin = '', interruptAfter, onOutput }: SpawnOptions = {},
): Promise<CliRun> {
  built ??= buildOnce();
  const child = spawn(process.execPath, [await built, ...args], {
    cwd: ROOT,
    env: { AWS_EC2_METADATA_DISABLED: 'true', ...NO_AWS_FILES, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput?.(stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // a child that reads no stdin may end first
  child.stdin.end(stdin);
  void interruptAfter?.then((signal) => child.kill(signal === 'SIGTERM' ? signal : 'SIGINT'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ status, stdout, stderr: withoutProgress(stderr) });
    });
  });
}

/** The files of the user who runs the tests must not matter. */
const NO_AWS_FILES = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};
