import { describe, expect, test } from 'vitest';
import { leaksIn } from '../support/invariants.js';
import { documentOf, runCli } from './run-cli.js';

const KEY = "KeyOf'TheTests$&123456";

describe('wrong usage', () => {
  test.each([
    ['an unknown command', ['polcy'], "unknown command 'polcy' (Did you mean policy?)"],
    ['an unknown command of a group', ['policy', 'chek'], "unknown command 'chek'"],
    ['an unknown option', ['policy', 'check', '--jsn'], "unknown option '--jsn' (Did you mean"],
    ['a missing argument', ['explain', 'arn:aws:iam::1:role/x'], "missing required argument 'mo"],
    ['an unknown choice', ['explain', 'a', 'b', '--endpoint', 'x'], 'Allowed choices are chat'],
    ['too many arguments', ['audit', 'now'], 'Expected 0 arguments but got 1; see --help'],
    [
      'two stacks',
      ['policy', 'check', '--stack', 'a', '--environment', 'b'],
      'cannot be used with',
    ],
  ])('%s ends with 2 and is quoted', async (_what, args, said) => {
    const { status, stdout, stderr } = await runCli(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^error: .*; see --help\n$/);
  });

  test.each([
    ['one of its group', ['audit', 'verify', '--folder', '.', '--yes'], '--yes is an option of'],
    [
      'one of two outputs',
      ['policy', 'check', '--json', '--format', 'github'],
      'exclude each other',
    ],
  ])('an option that would do nothing is refused: %s', async (_what, args, said) => {
    const { status, stdout, stderr } = await runCli(args);
    expect(status).toBe(2);
    expect(stdout + stderr).toContain(said);
  });

  test.each([
    ['the value of an unknown option', ['audit', `--key=${KEY}`], "unknown option '--key'"],
    ['a command', [KEY], 'unknown command what was given'],
    ['a command of a group', ['keys', KEY], 'unknown command what was given'],
    ['an option', ['audit', `--${KEY}`], 'unknown option what was given'],
    ['a short option', ['audit', `-k${KEY}`], 'unknown option'],
    ['a choice', ['explain', 'a', 'b', '--endpoint', KEY], 'argument what was given is invalid'],
    ['a number', ['keys', 'supply', 'a', `--wait=${KEY}`], 'argument what was given is invalid'],
  ])('does not repeat a key given as %s', async (_place, args, said) => {
    const { status, stdout, stderr } = await runCli(args);
    expect(status).toBe(2);
    expect(stderr).toContain(said);
    expect(leaksIn(stdout + stderr, [KEY])).toEqual([]);
  });

  test('is one document with --json', async () => {
    const run = await runCli(['policy', 'check', '--json', '--verbos']);
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 2, stderr: '' });
    expect(documentOf(run).error.code).toBe('wrong_use');
  });

  test('a missing command shows the help', async () => {
    const { status, stdout, stderr } = await runCli([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: mistral-governance /);
  });
});

describe('help', () => {
  test('names commands, examples and exit codes', async () => {
    const { status, stdout, stderr } = await runCli(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const part of ['policy', 'explain', 'simulate', 'workspaces', 'Examples:', 'Exit codes:'])
      expect(stdout).toContain(part);
  });

  test('of a command names its own options and the common ones', async () => {
    const { stdout } = await runCli(['workspaces', 'sync', '--help']);
    expect(stdout).toContain('--yes');
    expect(stdout).toContain('--policy <file>');
    expect(stdout).toContain('$ mistral-governance workspaces sync');
  });

  test('of a command below another one does not name the options of that one', async () => {
    const { stdout } = await runCli(['audit', 'verify', '--help']);
    expect(stdout).toContain('--noted <sha256>');
    expect(stdout).toContain('--policy <file>');
    expect(stdout).not.toContain('--accept');
  });
});
