#!/usr/bin/env node
import { CommanderError } from 'commander';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { type CommandFailure, failureOf } from './failure.js';
import { readKey } from './keys/key-input.js';
import { createKnownKeys } from './known-keys.js';
import { createProgram } from './program.js';
import { createCli, type Printer, printFailure } from './run.js';
import { createProgress } from './terminal/progress.js';
import { createQuestions } from './terminal/prompts.js';
import { createStyle } from './terminal/style.js';
import { wrongUse } from './wrong-use.js';

const { argv, env, stdin, stdout, stderr } = process;
const args = argv.slice(2);

// What Node and the SDK say of Node's age is no answer to any command.
process.removeAllListeners('warning');

for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(); // who reads has read enough
    throw error;
  });
}

const styleOf = (stream: NodeJS.WriteStream) =>
  createStyle({
    isTerminal: stream.isTTY === true && env.TERM !== 'dumb',
    columns: stream.columns,
    noColour: Boolean(env.NO_COLOR),
  });
const printer: Printer = {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  outStyle: styleOf(stdout),
  errStyle: styleOf(stderr),
  end(exitCode: ExitCode) {
    process.exitCode = exitCode;
  },
};
const keys = createKnownKeys();
const progress = createProgress({
  write: (text) => printer.err(keys.redact(text)),
  isTerminal: stderr.isTTY === true && env.TERM !== 'dumb',
});
const questions = createQuestions(stdin, stderr, stdin.isTTY === true && stderr.isTTY === true);

process.once('SIGINT', () => {
  progress.clear();
  process.exit(EXIT.interrupted);
});

async function readAndLearn(prompt: string): Promise<ApiKey> {
  const key = await readKey(stdin, stderr, prompt);
  keys.learn(key);
  return key;
}

let help = '';
const program = createProgram(
  createCli({
    printer,
    progress,
    questions,
    keys,
    stdin,
    isKeyTyped: stdin.isTTY === true,
    readKey: readAndLearn,
    now: () => new Date(),
  }),
  {
    writeOut: printer.out,
    writeErr: (text) => {
      help += text;
    },
    outputError() {}, // told below
  },
);

try {
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) return; // help or version
  const isAskedForJson = args.includes('--json');
  if (error instanceof CommanderError && error.code === 'commander.help' && !isAskedForJson) {
    printer.err(help);
    printer.end(EXIT.wrong);
    return;
  }
  const failure = error instanceof CommanderError ? misuse(error) : failureOf(error);
  printFailure(failure, isAskedForJson, printer, keys.redact);
}

function misuse({ message, code }: CommanderError): CommandFailure {
  return wrongUse(code === 'commander.help' ? 'a command is missing' : message, args);
}
