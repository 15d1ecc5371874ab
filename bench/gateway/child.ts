import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeProcess } from '../child-process.js';

/** A part of the benchmark in its own process. */
export interface Child {
  readonly url: string;
  /** Sends a question to the child; see `answerParent` in parent.ts. */
  ask<Answer>(question: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** For undici, which is CommonJS. */
const WITH_REQUIRE =
  "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);\n";

export async function startChild(name: string, ...args: readonly string[]): Promise<Child> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  const script = await writeProcess(`gateway/${name}`, folder, WITH_REQUIRE);
  const child = spawn(process.execPath, ['--expose-gc', script, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {}, // nothing of this process: NODE_OPTIONS would slow the children
  });
  const url = await nextMessage<string>(child);
  rmSync(folder, { recursive: true });
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
