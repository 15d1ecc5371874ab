import { CommanderError } from 'commander';
import { messageOf } from '../governance/platform/failures.js';
import { terminalText } from '../governance/platform/quoting.js';
import type { Cli } from './cli.js';
import { EXIT, type ExitCode, failureOf, wrongInput, wrongUse } from './failure.js';
import { createKnownKeys } from './known-keys.js';
import { createPrinter } from './printer.js';
import { createProgram } from './program.js';
import { createProgress } from './terminal/progress.js';
import { createPrompts, type Input } from './terminal/prompts.js';
import type { Output } from './terminal/style.js';

/** What the command line uses of the process that it runs in. */
export interface Surroundings extends Pick<Cli, 'now' | 'sleep' | 'region' | 'repository'> {
  /** @default Node's own way out */
  readonly outbound?: Cli['outbound'];
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether a line on stderr can be overwritten. */
  readonly canSpin: boolean;
}

export interface CommandLine {
  /** Runs the command that the arguments name. Never throws. */
  run(args: readonly string[]): Promise<ExitCode>;
  /** Cleans up before the process ends early: the terminal, and what a command left running. */
  interrupt(): Promise<ExitCode>;
  /** Whether a command left something running. */
  readonly isServing: boolean;
}

const COMMAND_MISSING = 'commander.help';

export function createCommandLine(surroundings: Surroundings): CommandLine {
  const { stdin, stderr, canSpin, now, sleep, region, repository } = surroundings;
  const keys = createKnownKeys();
  // Without any key that was read, and with nothing in it that a terminal obeys but our own colors.
  const safe = (text: string) => keys.redact(terminalText(text));
  const printer = createPrinter(surroundings, safe);
  const progress = createProgress(stderr, canSpin, safe);
  const prompts = createPrompts(stdin, stderr);

  let stopServing: (() => Promise<void>) | undefined;

  const cli: Cli = {
    progress,
    prompts: { ...prompts, readKey: async (text) => keys.learn(await prompts.readKey(text)) },
    keys,
    stdin,
    now,
    sleep,
    region,
    repository,

    async outbound() {
      try {
        return (await surroundings.outbound?.()) ?? {};
      } catch (error) {
        throw wrongInput(messageOf(error), { cause: error });
      }
    },

    onInterrupt(stop) {
      stopServing = stop;
    },

    async run({ json = false }, command) {
      try {
        printer.answer(await command(), json);
      } catch (error) {
        printer.failure(failureOf(error), json);
      }
    },
  };

  return {
    get isServing() {
      return stopServing !== undefined;
    },

    async interrupt() {
      progress.clear();
      await stopServing?.();
      return stopServing ? EXIT.ok : EXIT.interrupted;
    },

    async run(args) {
      let usage = '';
      const program = createProgram(cli, {
        writeOut: printer.out,
        writeErr: (text) => {
          usage += text;
        },
        outputError() {}, // the printer does it
      });
      try {
        await program.parseAsync(args, { from: 'user' });
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        if (error.exitCode === 0) return EXIT.ok; // help or version
        const json = args.includes('--json');
        const isMissing = error.code === COMMAND_MISSING;
        if (isMissing && !json) {
          printer.err(usage);
          return EXIT.wrong;
        }
        const what = isMissing ? 'a command is missing' : error.message;
        printer.failure(wrongUse(what, args), json);
      }
      return printer.exitCode();
    },
  };
}
