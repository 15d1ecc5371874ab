import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Answer } from '../../cli/cli.js';
import { CommandFailure } from '../../cli/failure.js';
import { createKnownKeys } from '../../cli/known-keys.js';
import { createCli } from '../../cli/run.js';
import { createProgress } from '../../cli/terminal/progress.js';
import { createQuestions } from '../../cli/terminal/prompts.js';
import { PLAIN } from '../../cli/terminal/style.js';
import { ApiKey } from '../../governance/mistral/api-key.js';

const KEY = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';

/** What a command prints that has read a key, and how it ends. */
async function printed(command: () => Answer | Promise<Answer>, json: boolean) {
  const seen = { out: '', err: '', exitCode: undefined as number | undefined };
  const keys = createKnownKeys();
  const err = (text: string) => {
    seen.err += text;
  };
  const cli = createCli({
    printer: {
      out: (text) => {
        seen.out += text;
      },
      err,
      outStyle: PLAIN,
      errStyle: PLAIN,
      end: (exitCode) => {
        seen.exitCode = exitCode;
      },
    },
    keys,
    progress: createProgress({ write: err, isTerminal: false }),
    questions: createQuestions(new PassThrough(), new PassThrough(), false),
    stdin: new PassThrough(),
    isKeyTyped: false,
    readKey: () => Promise.reject(new Error('no key is asked for')),
    now: () => new Date('2026-11-24T10:00:00Z'),
  });
  await cli.run({ policy: 'governance.yaml', json }, () => {
    keys.learn(new ApiKey(KEY));
    return command();
  });
  return seen;
}

const answer: Answer = {
  document: { said: `it is ${KEY}`, nothing: undefined },
  text: () => `it is ${KEY}\n`,
  exitCode: 1,
};
const fail = () => {
  throw new CommandFailure('broken', 3, `refused ${KEY}`, {
    problems: [`first ${KEY}`],
    done: { made: 'x', code: 'y' },
  });
};

test('an answer is words or a document, and holds no key that was read', async () => {
  const text = await printed(() => answer, false);
  expect(text).toEqual({ out: 'it is [api key]\n', err: '', exitCode: 1 });
  const { out, ...rest } = await printed(() => answer, true);
  expect(JSON.parse(out)).toEqual({ said: 'it is [api key]', nothing: null });
  expect(rest).toEqual({ err: '', exitCode: 1 });
});

test('a failure is words on stderr or a document on stdout, and holds none either', async () => {
  const text = await printed(fail, false);
  expect(text).toEqual({
    out: '',
    err: 'error: refused [api key]\n  first [api key]\n',
    exitCode: 3,
  });
  const { out, ...rest } = await printed(fail, true);
  expect(JSON.parse(out).error).toEqual({
    code: 'broken',
    message: 'refused [api key]',
    problems: ['first [api key]'],
    made: 'x',
  });
  expect(rest).toEqual({ err: '', exitCode: 3 });
});

test('a failure makes a terminal do nothing', async () => {
  const { err } = await printed(() => Promise.reject(new Error('one\u001b[2J\ntwo\u009b')), false);
  expect(err).toBe('error: one\ntwo \n');
});

test('what nobody foresaw ends with 1', async () => {
  const { out, exitCode } = await printed(() => Promise.reject(new TypeError('x is not y')), true);
  expect(JSON.parse(out)).toEqual({ error: { code: 'failed', message: 'x is not y' } });
  expect(exitCode).toBe(1);
});
