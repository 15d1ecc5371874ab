import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { bundle } from '../supply-chain/bundle.js';

/** A folder for the length of one benchmark. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mistral-governance-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Bundles a script of this room like a function, so that no TypeScript loader is measured. */
export async function writeProcess(script: string, folder: string, start = ''): Promise<string> {
  const { code } = await bundle(join(import.meta.dirname, `${script}.ts`));
  const path = join(folder, `${basename(script)}.mjs`);
  writeFileSync(path, Buffer.concat([Buffer.from(start), code]));
  return path;
}

/** Runs a script to its end and parses its output. It gets only the given environment. */
export async function runProcess(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], { env });
  return JSON.parse(stdout);
}

export interface RunningProcess {
  readonly firstLine: string;
  stop(): void;
}

/** Starts a script that prints one line once it is ready, and keeps running. */
export async function startProcess(
  script: string,
  args: readonly string[],
): Promise<RunningProcess> {
  // It ends with its input, and so with this process, however that ends.
  const child = spawn(process.execPath, [script, ...args], {
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const firstLine of createInterface({ input: child.stdout })) {
    return { firstLine, stop: () => child.stdin.end() };
  }
  throw new Error(`${script} ended before it was ready`);
}
