import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Emulator } from './emulator.js';
import { LATE, within } from './waiting.js';

/** A user's open shell, with the AWS CLI and the account's credentials. */
export interface Shell {
  /** Where it is, and where commands leave their files. */
  readonly folder: string;
  /**
   * Pastes commands; `typed` is what is typed at a prompt of theirs. Returns what they printed.
   * @throws Error with what they said, if one of them fails
   */
  paste(commands: string, typed?: string): Promise<string>;
  close(): Promise<void>;
}

const END = '--- pasted, status';
const PASTE_LIMIT_MS = 300_000;

export function openShell({ env }: Pick<Emulator, 'env'>, parent: string): Shell {
  const folder = join(parent, 'shell');
  mkdirSync(folder);
  const child = spawn('bash', ['--noprofile', '--norc'], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let pastes = 0;

  async function printed(): Promise<{ readonly text: string; readonly status: number }> {
    const read: string[] = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the shell ended after:\n${read.join('\n')}`);
      if (!value.startsWith(END)) read.push(value);
      else return { text: read.join('\n').trimEnd(), status: Number(value.slice(END.length)) };
    }
  }

  return {
    folder,

    async paste(commands, typed) {
      pastes += 1;
      const script = join(folder, `paste-${pastes}.sh`);
      const said = join(folder, `paste-${pastes}.err`);
      writeFileSync(script, commands);
      // Any failing command counts, not only the last one.
      child.stdin.write(`status=0; trap 'status=$?' ERR; . '${script}' 2> '${said}'; trap - ERR\n`);
      if (typed !== undefined) child.stdin.write(`${typed}\n`);
      child.stdin.write(`printf '\\n%s %d\\n' '${END}' "$status"\n`);
      const answer = await within(PASTE_LIMIT_MS, printed());
      if (answer !== LATE && answer.status === 0) return answer.text;
      const what =
        answer === LATE
          ? `did not end within ${PASTE_LIMIT_MS / 1000} s`
          : `failed with ${answer.status}`;
      throw new Error(
        `pasted into a shell, this ${what}:\n${commands}\n${readFileSync(said, 'utf8')}`,
      );
    },

    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await exited;
    },
  };
}
