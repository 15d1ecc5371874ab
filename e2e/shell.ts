import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endGroup } from './commands.js';
import type { Emulator } from './emulator.js';
import { LATE, within } from './waiting.js';

const END = '--- pasted, status';
const PASTE_LIMIT_MS = 300_000;

/** All that was pasted so far, into any shell. */
export const PASTED: ReadonlySet<string> = new Set();

export type Shell = ReturnType<typeof openShell>;

/** A user's open shell, with the AWS CLI and the account's credentials. */
export function openShell({ env }: Pick<Emulator, 'env'>, parent: string) {
  const folder = join(parent, 'shell');
  mkdirSync(folder);
  const child = spawn('bash', ['--noprofile', '--norc'], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const pasted = new Set<string>();
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
    /** Where it is, and where commands leave their files. */
    folder,

    /** All that was pasted so far. */
    pasted: pasted as ReadonlySet<string>,

    /**
     * Pastes commands; `typed` is what is typed at a prompt of theirs. Returns what they printed.
     * @throws Error with their error output, if one of them fails
     */
    async paste(commands: string, typed?: string): Promise<string> {
      pasted.add(commands);
      (PASTED as Set<string>).add(commands);
      pastes += 1;
      const script = join(folder, `paste-${pastes}.sh`);
      const errors = join(folder, `paste-${pastes}.err`);
      writeFileSync(script, commands);
      // Any failing command counts, not only the last one.
      child.stdin.write(
        `status=0; trap 'status=$?' ERR; . '${script}' 2> '${errors}'; trap - ERR\n`,
      );
      if (typed !== undefined) child.stdin.write(`${typed}\n`);
      child.stdin.write(`printf '\\n%s %d\\n' '${END}' "$status"\n`);
      const answer = await within(PASTE_LIMIT_MS, printed());
      if (answer !== LATE && answer.status === 0) return answer.text;
      const what =
        answer === LATE
          ? `did not end within ${PASTE_LIMIT_MS / 1000} s`
          : `failed with ${answer.status}`;
      const printedErrors = readFileSync(errors, 'utf8');
      throw new Error(`pasted into a shell, this ${what}:\n${commands}\n${printedErrors}`);
    },

    async close(): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      endGroup(child);
      await exited;
    },
  };
}
