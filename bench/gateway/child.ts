import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A part of the benchmark in its own process. */
export interface Child {
  readonly url: string;
  /** Asks the child something; see `answerParent` in parent.ts. */
  ask<Answer>(question: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** Bundled as deployed: running TypeScript directly adds calls. */
export async function bundle(name: string): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'gateway-bench-')), `${name}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return outfile;
}

export async function startChild(name: string, ...args: readonly string[]): Promise<Child> {
  const script = await bundle(name);
  const child = spawn(process.execPath, ['--expose-gc', script, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {}, // nothing of this process: NODE_OPTIONS would slow the children
  });
  const url = await nextMessage<string>(child);
  return {
    url,
    ask(question) {
      child.send(question);
      return nextMessage(child);
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await exited;
    },
  };
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a child ended with code ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}
