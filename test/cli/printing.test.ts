import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { CommandFailure, failureOf } from '../../cli/failure.js';
import { createKnownKeys } from '../../cli/known-keys.js';
import { createPrinter, type Printer } from '../../cli/printer.js';
import { ApiKey } from '../../governance/mistral/api-key.js';

const KEY = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';

/** What is printed once a key was read, and the exit code. */
function printed(print: (printer: Printer) => void) {
  const keys = createKnownKeys();
  keys.learn(new ApiKey(KEY));
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const printer = createPrinter(streams, keys.redact);
  print(printer);
  const { stdout, stderr } = streams;
  const exitCode = printer.exitCode();
  return { out: String(stdout.read() ?? ''), err: String(stderr.read() ?? ''), exitCode };
}

const answer = {
  document: { said: `it is ${KEY}`, nothing: undefined },
  text: () => `it is ${KEY}\n`,
  exitCode: 1,
} as const;
const failure = new CommandFailure('broken', 3, `refused ${KEY}`, {
  problems: [`first ${KEY}`],
  done: { created: 'x', code: 'y' },
});

test('an answer is text or a document, without any key that was read', () => {
  const text = printed((printer) => printer.answer(answer, false));
  expect(text).toEqual({ out: 'it is [api key]\n', err: '', exitCode: 1 });
  const { out, ...rest } = printed((printer) => printer.answer(answer, true));
  expect(JSON.parse(out)).toEqual({ said: 'it is [api key]', nothing: null });
  expect(rest).toEqual({ err: '', exitCode: 1 });
});

test('a failure is text on stderr or a document on stdout, also without the key', () => {
  const text = printed((printer) => printer.failure(failure, false));
  expect(text).toEqual({
    out: '',
    err: 'error: refused [api key]\n  first [api key]\n',
    exitCode: 3,
  });
  const { out, ...rest } = printed((printer) => printer.failure(failure, true));
  expect(JSON.parse(out).error).toEqual({
    code: 'broken',
    message: 'refused [api key]',
    problems: ['first [api key]'],
    created: 'x',
  });
  expect(rest).toEqual({ err: '', exitCode: 3 });
});

test('a failure prints no control character', () => {
  const error = failureOf(new Error('one\u001b[2J\ntwo\u009b'));
  const { err } = printed((printer) => printer.failure(error, false));
  expect(err).toBe('error: one\ntwo \n');
});

test('an unexpected error ends with 1', () => {
  const error = failureOf(new TypeError('x is not y'));
  const { out, exitCode } = printed((printer) => printer.failure(error, true));
  expect(JSON.parse(out)).toEqual({ error: { code: 'failed', message: 'x is not y' } });
  expect(exitCode).toBe(1);
});
