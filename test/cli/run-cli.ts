import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCommandLine } from '../../bin/bundle-command-line.js';

const ROOT = join(import.meta.dirname, '../..');

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Besides what a child needs to run at all. @default none: no credentials, no region */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Sends ^C as soon as this is there. */
  readonly interruptAfter?: Promise<unknown>;
}

let built: Promise<string> | undefined;

/** As the package has it, once for all tests of this process. Others may do the same meanwhile. */
async function buildOnce(): Promise<string> {
  const folder = join(ROOT, 'node_modules/.cache/cli-of-tests');
  const main = join(folder, 'main.js');
  const draft = join(folder, `${process.pid}.js`);
  await bundleCommandLine(draft);
  renameSync(draft, main);
  return main;
}

/** The command line as a user starts it: a process of its own, without a terminal. */
export async function runCli(
  args: readonly string[],
  { env = {}, stdin = '', cwd = ROOT, interruptAfter }: CliOptions = {},
): Promise<CliRun> {
  built ??= buildOnce();
  const child = spawn(process.execPath, [await built, ...args], {
    cwd,
    env: { AWS_EC2_METADATA_DISABLED: 'true', ...NO_AWS_FILES, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // who does not read it may end first
  child.stdin.end(stdin);
  void interruptAfter?.then(() => child.kill('SIGINT'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** What `--json` printed: one document and nothing else. @throws SyntaxError where it is not */
export function documentOf({ stdout }: CliRun) {
  return JSON.parse(stdout);
}

/** Files of this machine's user tell no test anything. */
const NO_AWS_FILES = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/** For commands that call AWS: a stand-in's address, and credentials that it takes. */
export function localAwsEnv(url: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
