import { PassThrough, Readable, Writable } from 'node:stream';
import { vi } from 'vitest';
import { createCommandLine } from '../../cli/run.js';

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** @default none: no credentials, no region */
  readonly env?: Readonly<Record<string, string>>;
  /** Piped to the command. */
  readonly stdin?: string;
  /** Typed at a terminal instead, each part once a prompt is there, or these words. */
  readonly typed?: readonly Typed[];
  readonly now?: () => Date;
  readonly repository?: string;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

type Typed = string | readonly [words: string, text: string];

export const NOW = new Date('2026-11-24T10:00:00Z');

/** Independent of the user who runs the tests. */
const NO_ENV = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PROFILE: undefined,
  AWS_REGION: undefined,
  AWS_DEFAULT_REGION: undefined,
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_ENDPOINT_URL: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
};

/** The command line in this process, from its arguments to its exit code. */
export async function runCli(
  args: readonly string[],
  {
    env = {},
    stdin = '',
    typed,
    now = () => NOW,
    repository,
    sleep = async () => {},
  }: CliOptions = {},
): Promise<CliRun> {
  for (const [name, value] of Object.entries({ ...NO_ENV, ...env })) vi.stubEnv(name, value);
  const stdout = collector();
  const stderr = collector(typed);
  const input = typed ? stderr.keyboard : Readable.from([stdin]);
  try {
    const commandLine = createCommandLine({
      stdin: input,
      stdout: stdout.stream,
      stderr: stderr.stream,
      canSpin: false,
      now,
      sleep,
      repository,
    });
    const status = await commandLine.run(args);
    return { status, stdout: stdout.text(), stderr: withoutProgress(stderr.text()) };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Collects what is written. As a terminal, it has a keyboard that answers each prompt. */
function collector(typed?: readonly Typed[]) {
  let text = '';
  let unanswered = '';
  const answers = [...(typed ?? [])];
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {} });
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
      const [next] = answers;
      const [words, answer] = typeof next === 'string' ? ['?', next] : (next ?? []);
      unanswered = words === '?' ? String(chunk) : unanswered + String(chunk);
      if (words === undefined || !unanswered.includes(words)) return;
      answers.shift();
      unanswered = '';
      setImmediate(() => keyboard.write(answer));
    },
  });
  return {
    // `_isStdio`: as with the process's own streams, a pipe into it does not end it.
    stream: Object.assign(stream, typed && { isTTY: true, columns: 200, _isStdio: true }),
    keyboard,
    text: () => text,
  };
}

/** Progress is for what takes longer than a second, which depends on the machine. */
export function withoutProgress(stderr: string): string {
  return stderr.replaceAll(/^.* …\n/gm, '');
}

/** What `--json` printed: one document and nothing else. @throws SyntaxError where it is not */
export function documentOf({ stdout }: CliRun) {
  return JSON.parse(stdout);
}

/** For commands that call AWS: the address of a fake, and credentials that it takes. */
export function localAwsEnv(url: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
