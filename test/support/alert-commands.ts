import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { PublishedMessage } from '../../testing/fakes/alert-inbox.js';
import { awsCommand } from './aws-command.js';

const StepSchema = z.object({ say: z.string(), command: z.string().optional() });
const AlertSchema = z.object({ nextSteps: z.array(StepSchema).default([]) });

export type Step = z.infer<typeof StepSchema>;

/** What an alert asks on-call to do. */
export function stepsOf({ bodies }: PublishedMessage): readonly Step[] {
  return AlertSchema.parse(JSON.parse(bodies.default ?? '{}')).nextSteps;
}

/** Those of the commands that a local stand-in can take; the others only read, or deploy. */
export function isLocal(command: string): boolean {
  if (/^aws (secretsmanager|stepfunctions) /.test(command)) return true;
  if (/^aws (cloudtrail lookup-events|s3 cp) |^npx |^https:/.test(command)) return false;
  throw new Error(`neither run nor known to change nothing: ${command}`);
}

/** Asks the test's own process, over two pipes: the arguments and how many they are, then status and output. */
const AWS = `() {
  local status text
  printf '%s\\0' "$#" "$@" >&3
  IFS= read -r -d '' status <&4
  IFS= read -r -d '' text <&4
  if [ "$status" = 0 ]; then printf '%s' "$text"; else printf '%s\\n' "$text" >&2; fi
  return "$status"
}`;

type Pipes = readonly [
  null,
  stdout: Readable,
  stderr: Readable,
  asked: Readable,
  answers: Writable,
];

/** A bash of on-call's, whose `aws` is a local account. Returns what was printed. @throws Error with stderr */
export function openBash(endpoint: string): (command: string) => Promise<string> {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', 'BASH_FUNC_aws%%': AWS };
  return async (command) => {
    const bash = spawn('bash', ['--norc', '-eo', 'pipefail', '-c', command], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    const [, stdout, stderr, asked, answers] = bash.stdio as unknown as Pipes;
    const closed = once(bash, 'close');
    const [printed, complaint] = await Promise.all([
      text(stdout),
      text(stderr),
      answer(asked, answers),
      closed,
    ]);
    if (bash.exitCode !== 0)
      throw new Error(`${command} ended with ${bash.exitCode}: ${complaint}`);
    return printed.trim();
  };

  async function answer(asked: Readable, answers: Writable): Promise<void> {
    let words: string[] = [];
    let rest = '';
    for await (const piece of asked.setEncoding('utf8')) {
      const parts = `${rest}${piece}`.split('\0');
      rest = parts.pop() ?? '';
      words.push(...parts);
      while (words.length > Number(words[0] ?? Number.POSITIVE_INFINITY)) {
        const count = Number(words[0]);
        const { status, text } = await awsCommand(endpoint, words.slice(1, count + 1));
        words = words.slice(count + 1);
        answers.write(`${status}\0${text}\0`);
      }
    }
  }
}
